/* Building the page: elements out of words, with nothing that reads text as markup. */
"use strict";

/* make("p.note", {title: "x"}, "text", child, ...): an element; null and undefined children are left out. */
function make(what, attributes, ...children) {
    const [tag, ...classes] = what.split(".");
    const e = document.createElement(tag);
    if (classes.length)
        e.className = classes.join(" ");
    for (const [name, value] of Object.entries(attributes || {})) {
        if (name.startsWith("on"))
            e.addEventListener(name.slice(2), value);
        else if (value === true)
            e.setAttribute(name, "");
        else if (value !== false && value !== null && value !== undefined)
            e.setAttribute(name, value);
    }
    add(e, ...children);
    return e;
}

function add(e, ...children) {
    for (const c of children.flat())
        if (c !== null && c !== undefined && c !== false)
            e.append(c);
    return e;
}

const SVG = "http://www.w3.org/2000/svg";

function makeSvg(tag, attributes, ...children) {
    const e = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes || {}))
        e.setAttribute(name, value);
    return add(e, ...children);
}

function replace(e, ...children) {
    e.replaceChildren();
    return add(e, ...children);
}

function table(caption, heads, rows) {
    return make("div.wide", {}, make("table", {},
        make("caption", {}, caption),
        make("thead", {}, make("tr", {}, heads.map(h => make("th", { scope: "col" }, h)))),
        make("tbody", {}, rows.map(r => make("tr", {}, r.map((cell, i) =>
            i ? make("td", {}, cell) : make("th", { scope: "row" }, cell)))))));
}

function button(text, action, kind) {
    const b = make("button." + (kind || "plain"), { type: "button" }, text);
    b.addEventListener("click", async () => {
        b.disabled = true;
        try {
            await action();
        } catch (e) {
            say("bad", words(e));
        } finally {
            b.disabled = false;
        }
    });
    return b;
}

/* What happened, for eyes and for screen readers. */
function say(level, text) {
    const box = document.getElementById("messages");
    const line = make("p." + level, {}, text, " ",
        make("button.plain", { type: "button", "aria-label": "Dismiss", onclick: () => line.remove() }, "×"));
    box.append(line);
}

function words(e) {
    return e && e.message ? e.message.trim() : String(e);
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

function bytes(n) {
    if (n === null || n === undefined)
        return "–";
    let i = 0;
    while (n >= 1024 && i < UNITS.length - 1) {
        n /= 1024;
        i++;
    }
    return (i && n < 100 ? n.toFixed(1) : Math.round(n)) + " " + UNITS[i];
}
