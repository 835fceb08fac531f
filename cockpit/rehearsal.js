/* The rehearsal and the check: what would happen at a crash. */
"use strict";

const RESULTS = {
    "saved": "The dump was saved.",
    "failed": "The capture began and did not succeed.",
    "no-start": "The capture kernel did not come as far as its first program.",
    "not-loaded": "The capture kernel could not be loaded in the virtual machine.",
    "timeout": "It was not done within the limit.",
};

async function rehearse(result) {
    const started = Date.now();
    const bar = make("progress", { "aria-label": "Rehearsal" });
    const clock = make("span", {}, "");
    const timer = window.setInterval(() => {
        clock.textContent = ` ${Math.round((Date.now() - started) / 1000)} s`;
    }, 1000);
    replace(result, make("p", {}, "A virtual machine starts, crashes and is captured… ", bar, clock));
    try {
        const r = await ask(["kdumpctl", "rehearse", "--json"]);
        const rows = [["Target", r.target || "–"], ["Played on", r.disks || "no disk"], ["Saved", r.saved || "–"], ["Size", bytes(r.bytes)],
            ["From the panic to the saved dump", r.saved_ms ? (r.saved_ms / 1000).toFixed(1) + " s" : "–"],
            ["Reservation", bytes(r.reservation)],
            ["Memory used at most", r.memory_total_mib ? `${r.memory_used_mib} of ${r.memory_total_mib} MiB` : "–"]];
        replace(result, make("p." + (r.result === "saved" ? "good" : "bad"), {}, RESULTS[r.result] || r.result,
            r.reason ? ` Last words: ${r.reason}` : ""),
        r.emulated ? make("p.hint", {}, "The virtual machine was emulated: times are many times the machine's own.") : null,
        table("What was measured", ["What", "Value"], rows));
    } catch (e) {
        replace(result, make("p.bad", {}, words(e)));
    } finally {
        window.clearInterval(timer);
    }
}

async function showRehearsal(main) {
    const result = make("div", { role: "region", "aria-live": "polite", "aria-label": "Result" });
    const e = await ask(["kdumpctl", "estimate", "--json"]).catch(() => null);
    replace(main, make("h2", {}, "Rehearsal"),
        make("p", {}, "The very kernel, command line and image that are armed crash in a throw-away virtual machine. Nothing on this machine is changed."),
        make("div.actions", {}, button("Rehearse", () => rehearse(result), "primary")), result,
        e ? [make("h3", {}, "Estimate"), memoryPicture("What the reservation is for", [
            ["kernel", e.kernel], ["modules", e.modules], ["image", e.image], ["at work", e.runtime], ["LUKS", e.luks]]),
        table("Estimate", ["What", "How much"], [["Reserved", bytes(e.reserved)], ["Suggested", bytes(e.recommended)], ["Default", bytes(e.default)]])] : null);
}

async function showCheck(main) {
    const c = await ask(["salvage", "check", "--json"]);
    replace(main, make("h2", {}, "Check"),
        make("p." + (c.armed ? "good" : "bad"), {}, c.armed ? "A crash would be captured." : "Nothing is armed."),
        c.findings.length ? make("ul.findings", {}, c.findings.map(f => make("li." + f.level, {}, make("strong", {}, f.seen),
            make("p.hint", {}, f.source), f.to_do ? make("p", {}, f.to_do) : null))) :
        make("p", {}, "Nothing stands in the way of a dump."));
}
