/* Set-up: the four tabs of the tool that this page stands in for, over `salvage config`. */
"use strict";

const FILE_SYSTEMS = ["ext4", "xfs", "btrfs", "ext3", "ext2", "vfat", "f2fs", "minix", "virtiofs"];
const PAGE_CLASSES = [
    [1, "Zero pages", "filled with zeros only"],
    [2, "Cache pages", "file contents that are on disk too, without private data"],
    [4, "Private cache pages", "file contents that file systems keep notes about"],
    [8, "User pages", "memory of programs"],
    [16, "Free pages", "used by nobody"],
];
const COMPRESSIONS = [["-l", "LZO: fast"], ["-z", "zstd: smaller"], ["-c", "zlib: smallest reader"], ["-p", "snappy"], ["", "none"]];

/* The settings as the file has them, key to value, without defaults of others. */
function settingsOf(answer) {
    const all = {};
    for (const s of answer.settings)
        all[s.key] = { value: s.value, isDefault: s.default };
    return all;
}

/* "makedumpfile -l -d 31 ...": level and compression, and the words that this page does not know. */
function readCollector(line) {
    const wordsOf = line.split(/\s+/).filter(Boolean);
    const c = { program: wordsOf.shift() || "makedumpfile", level: null, compression: "", rest: [] };
    while (wordsOf.length) {
        const w = wordsOf.shift();
        if (w === "-d" && wordsOf.length)
            c.level = wordsOf.shift();
        else if (/^-d\d/.test(w))
            c.level = w.slice(2);
        else if (["-l", "-c", "-z", "-p"].includes(w))
            c.compression = w;
        else
            c.rest.push(w);
    }
    return c;
}

function writeCollector(c) {
    return [c.program, ...c.rest, c.compression, ...(c.level === null ? [] : ["-d", c.level])].filter(Boolean).join(" ");
}

/* One form; what was changed since it was read. */
class SetupForm {
    constructor(answer) {
        this.settings = settingsOf(answer);
        this.target = answer.target;
        this.changes = {};
    }

    value(key) {
        if (key in this.changes)
            return this.changes[key];
        return this.settings[key] ? this.settings[key].value : "";
    }

    set(key, value) {
        this.changes[key] = value.trim();
    }

    setTarget(type, value) {
        for (const key of Object.keys(this.changes))
            if (this.isTarget(key))
                delete this.changes[key];
        if (type)
            this.changes[type] = value.trim();
        else if (this.target)
            this.changes[this.target] = "";
    }

    isTarget(key) {
        return FILE_SYSTEMS.includes(key) || ["raw", "nfs", "ssh"].includes(key);
    }

    /* As words for `salvage config`. */
    arguments() {
        return Object.entries(this.changes)
            .filter(([key, value]) => !(this.settings[key] && !this.settings[key].isDefault && this.settings[key].value === value))
            .filter(([key, value]) => value !== "" || (this.settings[key] && !this.settings[key].isDefault))
            .map(([key, value]) => `${key}=${value}`);
    }
}

let fieldNumber = 0;

function field(label, input, hint) {
    const id = "field-" + ++fieldNumber;
    input.id = id;
    if (hint)
        input.setAttribute("aria-describedby", id + "-hint");
    return make("div.field", {}, make("label", { for: id }, label), input,
        hint ? make("p.hint", { id: id + "-hint" }, hint) : null);
}

function textInput(form, key, placeholder) {
    const i = make("input", { type: "text", value: form.value(key), placeholder, spellcheck: "false" });
    i.addEventListener("input", () => form.set(key, i.value));
    return i;
}

function choice(options, now, changed) {
    const s = make("select", {}, options.map(([value, text]) =>
        make("option", { value, selected: value === now }, text)));
    s.addEventListener("change", () => changed(s.value));
    return s;
}

function basicTab(state) {
    const { status, estimate, memory } = state;
    const armed = status.armed ? "A crash would be captured." : "Nothing is armed: a crash would be lost.";
    const rows = [
        ["Memory of the machine", bytes(memory)],
        ["Reserved for the capture kernel", bytes(status.reservation)],
        ["Usable by the machine", memory ? bytes(memory - status.reservation) : "–"],
        ["Suggested reservation", estimate ? bytes(estimate.recommended) : "–"],
    ];
    return [
        make("p." + (status.armed ? "good" : "bad"), {}, armed),
        table("Memory", ["What", "How much"], rows),
        make("div.actions", {},
            button("Enable", () => run(["systemctl", "enable", "--now", "kdump.service"]).then(refresh)),
            button("Disable", () => run(["systemctl", "disable", "--now", "kdump.service"]).then(refresh)),
            button("Reserve what is suggested", async () => {
                say("good", (await run(["kdumpctl", "reset-crashkernel"])).trim() || "Done; it takes effect after a restart.");
            })),
    ];
}

function targetTab(state) {
    const { form } = state;
    const type = form.target;
    const kinds = [["", "The root file system"], ...FILE_SYSTEMS.map(f => [f, f + " file system"]),
        ["raw", "Raw partition (its content is lost)"], ["nfs", "NFS server"], ["ssh", "SSH server"]];
    const hints = {
        "": "", raw: "a block device: /dev/sdb1", nfs: "server:/export", ssh: "user@server",
    };
    const value = make("input", { type: "text", spellcheck: "false", value: type ? form.value(type) : "" });
    const key = textInput(form, "sshkey");
    const keyField = field("SSH key", key, "Made and sent to the server by kdumpctl propagate.");
    const hint = make("p.hint", {});
    let kind = type || "";
    const show = () => {
        hint.textContent = kind in hints ? hints[kind] : "a device, LABEL=… or UUID=…";
        value.disabled = !kind;
        keyField.hidden = kind !== "ssh";
    };
    value.addEventListener("input", () => form.setTarget(kind, value.value));
    const select = choice(kinds, kind, k => {
        kind = k;
        value.value = "";
        form.setTarget(kind, "");
        show();
    });
    show();
    return [field("Where dumps go", select), field("Place", value), hint,
        field("Folder on it", textInput(form, "path", "/var/crash")), keyField];
}

function filteringTab(state) {
    const { form } = state;
    const c = readCollector(form.value("core_collector"));
    const level = make("output", {}, c.level === null ? "0" : c.level);
    const update = () => form.set("core_collector", writeCollector(c));
    const boxes = PAGE_CLASSES.map(([bit, name, what]) => {
        const box = make("input", { type: "checkbox", checked: (Number(c.level) & bit) !== 0 });
        box.addEventListener("change", () => {
            c.level = String(box.checked ? Number(c.level) | bit : Number(c.level) & ~bit);
            level.textContent = c.level;
            update();
        });
        return make("label.check", {}, box, make("span", {}, `Leave out ${name.toLowerCase()}`), make("span.hint", {}, what));
    });
    return [make("fieldset", {}, make("legend", {}, "Pages that are left out"), boxes),
        make("p", {}, "Dump level: ", level),
        field("Compression", choice(COMPRESSIONS, c.compression, v => {
            c.compression = v;
            update();
        }))];
}

function expertTab(state) {
    const { form, status } = state;
    const actions = ["reboot", "halt", "poweroff", "shell", "dump_to_rootfs"].map(a => [a, a]);
    return [
        table("What is armed", ["What", "Which"], [["Capture kernel", status.kernel || "–"], ["Its initramfs", status.image || "–"]]),
        field("When saving fails", choice(actions, form.value("failure_action"), v => form.set("failure_action", v))),
        field("When it is done", choice(actions.slice(0, 3), form.value("final_action"), v => form.set("final_action", v))),
        field("Collector", textInput(form, "core_collector"), "The program that writes the dump, with its options."),
        field("Modules besides", textInput(form, "extra_modules")),
        field("Programs besides", textInput(form, "extra_bins")),
        make("p.hint", {}, "The capture kernel's command line is made of /etc/sysconfig/kdump: KDUMP_COMMANDLINE_APPEND and _REMOVE."),
    ];
}

const TABS = [["Basic", basicTab], ["Target", targetTab], ["Filtering", filteringTab], ["Expert", expertTab]];

function findings(list) {
    return list.length ? make("ul.findings", {}, list.map(f =>
        make("li." + (f.level === "error" ? "bad" : "warn"), {}, f.text, f.instead ? ` Write: ${f.instead}` : ""))) : null;
}

async function apply(form) {
    const args = form.arguments();
    if (!args.length)
        return say("good", "Nothing was changed.");
    const tried = await ask(["salvage", "config", "--json", "--dry-run", ...args]);
    if (!tried.valid)
        return say("bad", "Not written: " + tried.findings.map(f => f.text).join("; "));
    await ask(["salvage", "config", "--json", ...args]);
    say("good", "Written to /etc/kdump.conf. A new capture image is being made…");
    await run(["systemctl", "try-restart", "kdump.service"]);
    say("good", "Done.");
    return refresh();
}

async function memoryOfMachine() {
    const text = await cockpit.file("/proc/meminfo").read();
    const m = /^MemTotal:\s+(\d+) kB/m.exec(text || "");
    return m ? Number(m[1]) * 1024 : 0;
}

async function showSetup(main) {
    const [answer, status, total] = await Promise.all([
        ask(["salvage", "config", "--json"]), ask(["salvage", "status", "--json"]), memoryOfMachine()]);
    const estimate = await ask(["kdumpctl", "estimate", "--json"]).catch(() => null);
    const form = new SetupForm(answer);
    const state = { form, status, estimate, memory: total + status.reservation };
    const body = make("div", { role: "tabpanel", id: "panel", tabindex: "0" });
    const tabs = TABS.map(([name, tab], i) => {
        const b = make("button.tab", { type: "button", role: "tab", "aria-controls": "panel" }, name);
        b.addEventListener("click", () => select(i));
        b.addEventListener("keydown", e => {
            const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
            if (step) {
                const to = (i + step + TABS.length) % TABS.length;
                select(to);
                tabs[to].focus();
            }
        });
        return b;
    });
    const select = i => {
        tabs.forEach((t, k) => {
            t.setAttribute("aria-selected", String(k === i));
            t.tabIndex = k === i ? 0 : -1;
        });
        replace(body, TABS[i][1](state));
    };
    select(0);
    replace(main, make("h2", {}, "Set-up"), findings(answer.findings),
        make("div.tabs", { role: "tablist", "aria-label": "Set-up" }, tabs), body,
        make("div.actions", {}, button("Apply", () => apply(form), "primary"), button("Reload", refresh)));
}
