/* Pictures where people would rather look than read; each has its numbers as text beside it. */
"use strict";

/* Shares of a whole, as one bar. */
function memoryPicture(title, parts) {
    const known = parts.filter(([, n]) => n > 0);
    const sum = known.reduce((s, [, n]) => s + n, 0);
    if (!sum)
        return null;
    const svg = makeSvg("svg", { viewBox: "0 0 1000 40", role: "img", "aria-label": title, class: "bar", preserveAspectRatio: "none" });
    let at = 0;
    known.forEach(([name, n], i) => {
        const width = n / sum * 1000;
        svg.append(makeSvg("rect", { x: at, y: 0, width, height: 40, class: "share" + i % 8 }, makeSvg("title", {}, `${name}: ${bytes(n)}`)));
        at += width;
    });
    return make("figure", {}, make("figcaption", {}, title), svg, make("ul.legend", {}, known.map(([name, n], i) =>
        make("li", {}, make("span.key.share" + i % 8, { "aria-hidden": "true" }), `${name} ${bytes(n)}`))));
}

/* Stacks of several CPUs as icicles: equal outer frames are drawn once. */
function iciclePicture(title, stacks) {
    const root = { name: "", n: 0, children: new Map() };
    for (const s of stacks) {
        let at = root;
        root.n++;
        for (const name of s.slice().reverse()) {
            if (!at.children.has(name))
                at.children.set(name, { name, n: 0, children: new Map() });
            at = at.children.get(name);
            at.n++;
        }
    }
    if (!root.n)
        return null;
    const boxes = [];
    let depth = 0;
    const walk = (node, x, level) => {
        depth = Math.max(depth, level);
        let at = x;
        for (const child of node.children.values()) {
            boxes.push([child, at, level]);
            walk(child, at, level + 1);
            at += child.n;
        }
    };
    walk(root, 0, 0);
    const width = 1000 / root.n, height = 20;
    const svg = makeSvg("svg", { viewBox: `0 0 1000 ${depth * height}`, role: "img", "aria-label": title, class: "icicle" });
    for (const [node, x, level] of boxes) {
        const w = node.n * width;
        const g = makeSvg("g", {}, makeSvg("title", {}, `${node.name} (${node.n})`),
            makeSvg("rect", { x: x * width, y: level * height, width: w, height: height - 1, class: "share" + level % 8 }));
        if (w > 60)
            g.append(makeSvg("text", { x: x * width + 4, y: level * height + 14 }, node.name.slice(0, Math.floor(w / 7))));
        svg.append(g);
    }
    return make("figure", {}, make("figcaption", {}, title), svg);
}
