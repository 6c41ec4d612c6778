// Fills the tabs that the page comes with: pictures, options, examples, runs, and the gallery.

import { ask, begin, fetchBlob, fresh, h, recall, remember, wait } from "./api.js";
import { Gallery } from "./gallery.js";
import { NetChooser } from "./nets.js";
import { Painter } from "./painter.js";
import { Previewer, Runner } from "./runs.js";
import { Slot } from "./slots.js";

const FORM = "analogies-form-"; // what was given in a tab, for when the page is loaded again
const MASK = [
  { name: "keep", rgb: [0, 0, 0] },
  { name: "make anew", rgb: [255, 255, 255] },
];
const TAB = "analogies-tab"; // that was looked at last
const panels = new Map();
let known = null;
let gallery = null;

class Panel {
  constructor(place, about) {
    this.about = about;
    this.slots = new Map();
    this.inputs = new Map();
    this.painter = null;
    this.sent = null; // the map as it was last sent: {turn, id}
    this.turn = 0;
    this.runner = new Runner(
      () => this.asked(),
      (error) => this.failed(error),
      (run) => this.ended(run),
    );
    const work = h(
      "div",
      {},
      this.examples(),
      h("div", { class: `columns ${about.paints ? "painting" : ""}` }, ...this.columns()),
    );
    this.nets = about.nets ? new NetChooser(known.nets, work, () => this.remember()) : null;
    place.replaceChildren(
      h("p", { class: "told" }, about.told),
      ...(this.nets ? [this.nets.element] : []),
      work,
    );
  }

  ended(run) {
    gallery?.renew();
    if (run.slot) this.nets?.renew();
  }

  columns() {
    const given = h("div", { class: "given" });
    const optional = h("div", { class: "given" });
    const made = h("div", { class: "made" });
    const columns = [given];
    for (const each of this.about.pictures) {
      const slot = new Slot(each, known.file_bytes, (changed) => this.changed(changed));
      this.slots.set(each.slot, slot);
      if (each.slot === this.about.paints) columns.push(this.paint(slot));
      else (each.optional ? optional : given).append(slot.element);
    }
    if (optional.childElementCount)
      given.append(h("details", {}, h("summary", {}, "Guides and masks"), optional));
    if (this.about.preview) {
      const hint = this.about.paints
        ? "B' appears here as you paint, once A and A' are given."
        : "A small one appears here, once the example is given.";
      this.previewer = new Previewer(() => this.asked(true), hint);
      made.append(this.previewer.element);
    }
    made.append(this.form(), this.runner.element);
    return [...columns, made];
  }

  // The slot that is painted: its file chooser loads a map into the painter.
  paint(slot) {
    this.painter = new Painter(() => this.painted());
    slot.place.classList.add("load");
    slot.place.replaceChildren(this.about.over ? "Load a mask" : "Load a map");
    const tools = h("div", { class: "tools" }, slot.place);
    if (this.about.over) {
      this.painter.setPalette(MASK);
      this.painter.color = 1;
      this.painter.setBrush(24);
      this.painter.showSwatches();
      this.painter.details.hidden = true;
    } else {
      tools.append(h("button", { type: "button", onclick: () => this.copyA() }, "Copy A"));
    }
    slot.element.append(tools, this.painter.element);
    slot.element.append(slot.about, slot.error);
    slot.send = async (file, name) => {
      const picture = await ask(this.mapPath(name), { method: "POST", body: file });
      this.painter.load(await this.bitmap(picture.id));
      if (this.about.over) await this.showUnder();
      this.sent = { turn: ++this.turn, id: picture.id };
      return picture;
    };
    slot.set = async (picture) => {
      slot.say("");
      slot.about.textContent = `${picture.name}, ${picture.width}×${picture.height} px`;
    };
    return h("div", { class: "painted" }, slot.element);
  }

  mapPath(name) {
    const a = this.slots.get("a")?.picture;
    const of = a ? `&colors_of=${a.id}` : "";
    return `picture?name=${encodeURIComponent(name)}${of}`;
  }

  async bitmap(id) {
    const options = { colorSpaceConversion: "none", premultiplyAlpha: "none" };
    return createImageBitmap(await fetchBlob(`picture/${id}/file`), options);
  }

  async copyA() {
    const a = this.slots.get("a").picture;
    if (!a) {
      this.slots.get("b").say("A is missing");
      return;
    }
    this.painter.keep();
    const picture = await ask(`picture/${a.id}/map`, { method: "POST" });
    this.painter.load(await this.bitmap(picture.id));
    this.painted();
  }

  async changed(slot) {
    if (this.painter && slot.name === "a") {
      this.painter.setPalette(await ask(`picture/${slot.picture.id}/palette`));
      if (!this.touched) this.painter.resize(slot.picture.width, slot.picture.height);
      this.turn++;
    }
    if (slot.name === this.about.over) {
      await this.showUnder();
      this.turn++;
    }
    this.remember();
    this.previewer?.renew();
  }

  // The picture over which a mask is painted.
  async showUnder() {
    const { picture } = this.slots.get(this.about.over);
    if (picture) this.painter.setUnder(await this.bitmap(picture.id));
  }

  painted() {
    this.touched = true;
    this.turn++;
    this.slots.get(this.about.paints).say("");
    this.previewer?.renew();
  }

  // What the server is to make; null where a preview has not all it needs.
  async asked(preview = false) {
    const pictures = {};
    for (const [name, slot] of this.slots) {
      if (name === this.about.paints) continue;
      slot.say("");
      if (slot.picture) pictures[name] = slot.picture.id;
      else if (preview) return null;
    }
    if (this.painter && this.slots.get(this.about.over ?? "a").picture)
      pictures[this.about.paints] = await this.sendMap();
    this.nets?.say("");
    return { tab: this.about.name, pictures, options: this.options() };
  }

  async sendMap() {
    const turn = this.turn;
    if (this.sent?.turn !== turn) {
      const body = await this.painter.blob();
      const name = this.about.over ? "painted-mask.png" : "painted-map.png";
      const picture = await ask(this.mapPath(name), { method: "POST", body });
      this.sent = { turn, id: picture.id };
      this.remember();
    }
    return this.sent.id;
  }

  failed(error) {
    const slot = error.slot === "net" ? this.nets : this.slots.get(error.slot);
    slot?.say(error.message);
    slot?.element.scrollIntoView({ block: "nearest" });
    return Boolean(slot);
  }

  options() {
    const options = this.nets?.chosen ? { net: this.nets.chosen } : {};
    for (const [name, input] of this.inputs) {
      const value = input.type === "checkbox" ? input.checked : input.value;
      if (value !== "" && value !== false) options[name] = value;
    }
    return options;
  }

  form() {
    const { presets, options, more } = this.about;
    const kind = { name: "preset", label: "Kind", type: "choice", choices: presets, help: "" };
    const first = presets.length ? [{ ...kind, usual: presets[0] }, ...options] : options;
    const further = h("div", { class: "fields" }, ...more.map((about) => this.field(about, true)));
    return h(
      "form",
      { onsubmit: (event) => event.preventDefault(), "aria-label": "Options" },
      h("div", { class: "fields" }, ...first.map((about) => this.field(about, false))),
      h("details", {}, h("summary", {}, "More"), further),
    );
  }

  field(about, explained) {
    const id = fresh(about.name);
    let input;
    if (about.type === "choice") {
      const others = about.choices.filter((choice) => choice !== about.usual);
      input = h("select", { id }, h("option", { value: "" }, about.usual));
      input.append(...others.map((choice) => h("option", { value: choice }, choice)));
    } else if (about.type === "flag") {
      input = h("input", { id, type: "checkbox" });
    } else {
      const step = about.type === "integer" ? "1" : "any";
      const limits = { min: about.minimum, max: about.maximum, step };
      input = h("input", { id, type: "number", ...limits, placeholder: about.usual ?? "auto" });
    }
    input.addEventListener("change", () => {
      this.remember();
      this.previewer?.renew();
    });
    this.inputs.set(about.name, input);
    const help = explained ? h("small", { id: `${id}-help` }, about.help) : null;
    if (help) input.setAttribute("aria-describedby", help.id);
    return h("div", { class: "field" }, h("label", { for: id }, about.label), input, help);
  }

  examples() {
    const buttons = this.about.examples.map((example) =>
      h(
        "button",
        { type: "button", class: "example", onclick: () => this.example(example.name) },
        example.title,
      ),
    );
    if (!buttons.length) return h("div", {});
    return h("div", { class: "tools examples" }, h("span", {}, "Try an example:"), ...buttons);
  }

  async example(name) {
    const json = { tab: this.about.name, name };
    try {
      const { pictures, options } = await ask("example", { method: "POST", json });
      await this.give(pictures, options, false);
      await this.previewer?.renew(); // the first to be seen
      await this.runner.make();
    } catch (error) {
      this.runner.error.textContent = error.message;
    }
  }

  // pictures: {slot: {id, name, width, height, notes}}
  async give(pictures, options, preview = true) {
    if (options.net) this.nets?.choose(options.net);
    for (const [name, input] of this.inputs) {
      if (input.type === "checkbox") input.checked = Boolean(options[name]);
      else input.value = options[name] ?? "";
    }
    for (const [name, slot] of this.slots) {
      const picture = pictures[name];
      if (!picture) continue;
      if (name !== this.about.paints) await slot.set(picture);
      if (this.painter && name === "a")
        this.painter.setPalette(await ask(`picture/${picture.id}/palette`));
    }
    const map = pictures[this.about.paints];
    if (map) {
      this.painter.load(await this.bitmap(map.id));
      this.touched = true;
      this.sent = { turn: ++this.turn, id: map.id };
      if (this.about.over) await this.showUnder();
    }
    if (preview && Object.keys(pictures).length) this.previewer?.renew();
    this.remember();
  }

  remember() {
    const pictures = {};
    for (const [name, slot] of this.slots) if (slot.picture) pictures[name] = slot.picture.id;
    if (this.sent) pictures[this.about.paints] = this.sent.id;
    remember(FORM + this.about.name, { pictures, options: this.options() });
  }

  async restore() {
    const form = recall(FORM + this.about.name);
    const run = known.runs.find((each) => each.tab === this.about.name);
    if (run) this.runner.watch(run);
    if (!form) return;
    const pictures = {};
    for (const [slot, id] of Object.entries(form.pictures))
      if (known.pictures[id]) pictures[slot] = known.pictures[id];
    await this.give(pictures, form.options);
  }
}

// The panel of a tab, which is opened; Gradio builds a tab when it is first looked at.
async function opened(name) {
  const button = () => document.querySelector(`[role=tablist] [data-tab-id="${name}"]`);
  for (let tries = 0; tries < 100 && !panels.has(name); tries++) {
    button()?.click();
    await wait(50);
  }
  button()?.click();
  return panels.get(name);
}

function fill(place) {
  if (place.dataset.filled) return;
  place.dataset.filled = "yes";
  const name = place.dataset.anTab;
  if (name === "gallery") {
    gallery = new Gallery(place, opened);
    return;
  }
  const about = known.tabs.find((each) => each.name === name);
  const panel = new Panel(place, about);
  panels.set(name, panel);
  panel.restore().catch((error) => (panel.runner.error.textContent = error.message));
}

async function start() {
  try {
    known = await begin();
  } catch (error) {
    document.querySelectorAll(".an").forEach((place) => place.replaceChildren(error.message));
    return;
  }
  const look = () => document.querySelectorAll("[data-an-tab]").forEach(fill);
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  look();
  document.addEventListener("click", (event) => {
    const tab = event.target.closest?.("[data-tab-id]")?.dataset.tabId;
    if (!tab) return;
    remember(TAB, tab);
    panels.get(tab)?.nets?.renew();
  });
  const tab = known.runs[0]?.tab ?? recall(TAB);
  if (known.tabs.some((each) => each.name === tab)) await opened(tab);
}

start();
