/* Which part is shown: the address says it, so that links and the back button work. */
"use strict";

async function show() {
    const main = document.getElementById("main");
    const [part, ...rest] = cockpit.location.path;
    const parts = {
        setup: () => showSetup(main), rehearsal: () => showRehearsal(main), check: () => showCheck(main),
        crash: () => showCrash(main, rest[0]), compare: () => showCompare(main, rest),
    };
    for (const a of document.querySelectorAll("nav a"))
        a.toggleAttribute("aria-current", a.getAttribute("href") === "#/" + (part || "crashes"));
    main.setAttribute("aria-busy", "true");
    try {
        await (parts[part] || (() => showCrashes(main)))();
    } catch (e) {
        replace(main, make("p.bad", {}, words(e)));
    } finally {
        main.removeAttribute("aria-busy");
    }
}

function refresh() {
    return show();
}

cockpit.addEventListener("locationchanged", show);
cockpit.transport.wait(show);
