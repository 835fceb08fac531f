/* Past crashes: the list, one of them, two side by side. */
"use strict";

const FOLDER = "/var/crash";
const STATES = { "whole": "whole", "incomplete": "incomplete", "no-memory": "log only" };

/* Folders are named ADDRESS-YYYY-MM-DD-HH:MM:SS, or otherwise: then the name says it all. */
function timeOf(crash) {
    const m = /(\d{4}-\d{2}-\d{2})[-T]?(\d{2}:\d{2}(?::\d{2})?)?/.exec(crash.name);
    return m ? `${m[1]} ${m[2] || ""}`.trim() : "–";
}

async function showCrashes(main) {
    const l = await ask(["salvage", "list", "--json"]);
    const chosen = new Set();
    const compare = button("Compare the two", () => {
        cockpit.location.go(["compare", ...chosen]);
    });
    compare.disabled = true;
    const rows = l.crashes.map(c => {
        const box = make("input", { type: "checkbox", "aria-label": `Choose ${c.name} for comparing` });
        box.addEventListener("change", () => {
            box.checked ? chosen.add(c.name) : chosen.delete(c.name);
            compare.disabled = chosen.size !== 2;
        });
        return [make("a", { href: "#/crash/" + encodeURIComponent(c.name) }, timeOf(c)), c.name, c.headline || "–", bytes(c.bytes),
            STATES[c.state] || c.state, box];
    });
    replace(main, make("h2", {}, "Crashes"),
        rows.length ? [table("Saved in " + l.folder, ["When", "Folder", "Why", "Size", "State", "Choose"], rows), make("div.actions", {}, compare)] :
        make("p", {}, "No crash is saved in ", l.folder, "."));
}

function frameName(f) {
    return typeof f === "string" ? f : f.symbol || f.function || f.name || f.address || "?";
}

function stackOf(frames) {
    return (frames || []).map(frameName);
}

function stackList(frames) {
    const s = stackOf(frames);
    return s.length ? make("ol.stack", { start: "0" }, s.map(n => make("li", {}, make("code", {}, n)))) : make("p.hint", {}, "not known");
}

function facts(r) {
    const k = r.kernel || {}, p = r.panic || {}, h = r.host || {};
    return table("The crash", ["What", "Value"], [
        ["When", r.time || "–"], ["Host", h.name || "–"], ["Hardware", h.hardware || "–"], ["Kernel", k.release || "–"],
        ["Up for", k.uptime_s ? `${Math.round(k.uptime_s)} s` : "–"], ["Taint", (k.taint && k.taint.letters) || "none"],
        ["Reason", p.reason || "–"], ["CPU", p.cpu === undefined ? "–" : String(p.cpu)],
        ["Task", p.task ? `${p.task.comm} (${p.task.pid})` : "–"],
        ["Signature", (r.signature && r.signature.title) || "–"]]);
}

function causes(r) {
    if (!r.causes || !r.causes.length)
        return null;
    return [make("h3", {}, "Why"), make("ol.causes", {}, r.causes.map(c => make("li", {}, make("strong", {}, c.title || c.sentence || c.kind || c.cause),
        c.confidence ? ` (${c.confidence})` : "", make("ul", {}, (c.evidence || []).map(e =>
            make("li", {}, typeof e === "string" ? e : [e.text || e.what || "", " ", make("code", {}, e.value || e.address || "")]))))))];
}

function logOf(r) {
    const lines = (r.log && r.log.tail) || [];
    const box = make("pre.log", { tabindex: "0", "aria-label": "Kernel log" });
    const input = make("input", { type: "search" });
    const show = () => {
        const wanted = input.value.toLowerCase();
        box.textContent = lines.map(l => typeof l === "string" ? l : l.text || "").filter(l => l.toLowerCase().includes(wanted)).join("\n");
    };
    input.addEventListener("input", show);
    show();
    return [make("h3", {}, "Log"), field("Lines with", input), box];
}

function memoryOf(r) {
    const parts = Object.entries(r.memory || {}).filter(([name, n]) => name.endsWith("_bytes") && !name.startsWith("total") && typeof n === "number")
        .map(([name, n]) => [name.replace(/_bytes$/, "").replace(/_/g, " "), n]);
    return memoryPicture("Memory", parts);
}

function cpuTable(r) {
    const rows = (r.cpus || []).map(c => [String(c.cpu), c.online === false ? "offline" : c.panicked ? "panicked" : "online",
        c.task ? `${c.task.comm} (${c.task.pid})` : "–", stackOf(c.frames)[0] || (c.same_stack_as_cpu !== undefined ? `as CPU ${c.same_stack_as_cpu}` : "–")]);
    return rows.length ? table("CPUs", ["CPU", "State", "Task", "Where"], rows) : null;
}

function report(r) {
    const stacks = (r.cpus || []).map(c => stackOf(c.frames)).filter(s => s.length);
    return [make("p.headline", {}, r.headline), causes(r), facts(r), make("h3", {}, "Stack"), stackList(r.panic && r.panic.frames),
        iciclePicture("Stacks of all CPUs", stacks.length ? stacks : [stackOf(r.panic && r.panic.frames)]), cpuTable(r), memoryOf(r), logOf(r),
        r.missing && r.missing.length ? [make("h3", {}, "What is missing"), make("ul", {}, r.missing.map(m => make("li", {}, `${m.what}: ${m.why}`)))] : null];
}

async function showCrash(main, name) {
    const path = FOLDER + "/" + name;
    const l = await ask(["salvage", "list", "--json"]);
    const c = l.crashes.find(x => x.name === name);
    if (!c)
        throw new Error(`There is no crash ${name} in ${l.folder}.`);
    const r = await ask(["salvage", "report", "--json", path]);
    const files = [c.dump, "vmcore-dmesg.txt", "report.txt", "report.json"].filter(Boolean);
    const confirm = make("dialog", { "aria-label": "Delete this crash" },
        make("p", {}, `Delete ${path} for good?`),
        make("div.actions", {}, button("Delete", async () => {
            await run(["salvage", "remove", name]);
            confirm.close();
            cockpit.location.go("/crashes");
        }, "danger"), make("button.plain", { type: "button", onclick: () => confirm.close() }, "Keep it")));
    replace(main, make("h2", {}, name), make("div.actions", {},
        files.map(f => make("a.button", { href: fileAddress(path + "/" + f), download: f }, "Download " + f)),
        button("Delete…", () => confirm.showModal(), "danger")), confirm, report(r));
}

async function showCompare(main, names) {
    const both = await Promise.all(names.map(n => ask(["salvage", "report", "--json", FOLDER + "/" + n])));
    const of = (r, get) => {
        const v = get(r);
        return v === undefined || v === null ? "–" : String(v);
    };
    const rows = [["Headline", r => r.headline], ["Kernel", r => r.kernel.release], ["Reason", r => r.panic.reason],
        ["Task", r => r.panic.task && r.panic.task.comm], ["Signature", r => r.signature && r.signature.title],
        ["Signature id", r => r.signature && r.signature.id], ["Taint", r => r.kernel.taint && r.kernel.taint.letters],
        ["Up for (s)", r => r.kernel.uptime_s]].map(([what, get]) => {
        const [a, b] = both.map(r => of(r, get));
        return [what, a, b, a === b ? "same" : "differs"];
    });
    const same = both[0].signature && both[1].signature && both[0].signature.id === both[1].signature.id;
    replace(main, make("h2", {}, "Two crashes"), make("p." + (same ? "good" : "warn"), {}, same ? "They are of one kind." : "They are of different kinds."),
        table("Side by side", ["What", ...names, ""], rows),
        make("div.columns", {}, both.map((r, i) => make("section", { "aria-label": names[i] }, make("h3", {}, names[i]), stackList(r.panic.frames)))));
}
