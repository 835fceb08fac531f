/* The machine's programs. Whatever is known or decided is known or decided by them; this page asks and shows. */
"use strict";

/* Runs a program as the administrator; what it printed. A status in `fine` is no failure. */
async function run(argv, fine = []) {
    try {
        return await cockpit.spawn(argv, { superuser: "require", err: "message", environ: ["LC_ALL=C.UTF-8", "NO_COLOR=1"] });
    } catch (e) {
        if (e.problem === "access-denied")
            throw new Error("This needs administrative access: switch it on at the top of the page.");
        if (e.problem === "not-found")
            throw new Error(argv[0] + " is not installed on this machine.");
        throw e;
    }
}

/* A program's answer in JSON, also where its status says that something is wrong. */
function ask(argv) {
    return new Promise((resolve, reject) => {
        let text = "";
        const p = cockpit.spawn(argv, { superuser: "require", err: "message", environ: ["LC_ALL=C.UTF-8"] });
        const end = failure => {
            try {
                resolve(JSON.parse(text));
            } catch (_) {
                reject(failure || new Error(argv.join(" ") + " did not answer in JSON"));
            }
        };
        p.stream(data => { text += data; });
        p.then(() => end(null)).catch(e => {
            if (e.problem === "access-denied")
                reject(new Error("This needs administrative access: switch it on at the top of the page."));
            else if (e.problem === "not-found")
                reject(new Error(argv[0] + " is not installed on this machine."));
            else
                end(e);
        });
    });
}

/* The address under which Cockpit gives out a file of the machine. */
function fileAddress(path) {
    const name = path.slice(path.lastIndexOf("/") + 1);
    const query = window.btoa(JSON.stringify({
        payload: "fsread1", binary: "raw", path, superuser: "require", max_read_size: Number.MAX_SAFE_INTEGER,
        external: { "content-disposition": `attachment; filename="${name}"`, "content-type": "application/octet-stream" },
    }));
    const channel = new URL(cockpit.transport.uri("channel/" + cockpit.transport.csrf_token)).pathname;
    return channel + "?" + query;
}
