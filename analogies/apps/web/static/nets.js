// The networks of a folder, of which one is chosen; beside those that cannot be used stands why.

import { ask, fresh, h, pictureAddress } from "./api.js";

const LEARN = "make_image_analogy.py --learn nets/mine.keras A.png A-prime.png";

export class NetChooser {
  // known: {given, problem, nets}; work: what is hidden where there is no network; changed: called
  // when another one is chosen.
  constructor(known, work, changed) {
    this.work = work;
    this.changed = changed;
    this.chosen = null;
    this.known = "";
    this.group = fresh("net");
    this.list = h("div", { class: "nets" });
    this.hint = h("p", { class: "about" });
    this.error = h("p", { class: "error", role: "alert" });
    const title = fresh("nets");
    this.element = h(
      "div",
      { class: "chooser", role: "radiogroup", "aria-labelledby": title },
      h("h2", { id: title }, "Network"),
      this.list,
      this.hint,
      this.error,
    );
    this.show(known);
  }

  async renew() {
    try {
      this.show(await ask("nets"));
    } catch (error) {
      this.say(error.message);
    }
  }

  show(known) {
    const text = JSON.stringify(known);
    if (text === this.known) return; // who has the focus keeps it
    this.known = text;
    const usable = known.nets.filter((net) => !net.problem);
    if (!usable.some((net) => net.name === this.chosen)) this.chosen = usable[0]?.name ?? null;
    const others = known.nets.filter((net) => net.problem);
    this.list.replaceChildren(...[...usable, ...others].map((net) => this.entry(net)));
    this.work.hidden = !usable.length;
    this.hint.replaceChildren(...(usable.length ? [] : this.without(known.given)));
    this.say(known.problem);
  }

  // What to do where there is no network.
  without(given) {
    const learn = h("code", {}, LEARN);
    if (given) return ["There is no network in the folder yet: ", learn, " learns one in minutes."];
    const start = h("code", {}, "analogies-page --nets nets");
    const once = "Networks are offered here once ";
    return [once, learn, " has learned one, in minutes, and the page is started with ", start, "."];
  }

  entry(net) {
    const told = [net.of, net.told].filter(Boolean).map((line) => h("span", {}, line));
    const words = h("span", { class: "words" }, h("strong", {}, net.title), ...told);
    if (net.problem) {
      words.append(h("span", { class: "error" }, net.problem));
      return h("div", { class: "net" }, words);
    }
    const input = h("input", {
      type: "radio",
      name: this.group,
      checked: net.name === this.chosen,
      onchange: () => this.choose(net.name),
    });
    input.net = net.name;
    const pictures = net.pictures.map((which) => {
      const image = h("img", { alt: "" }); // the words beside it name the files
      pictureAddress(`net/${net.id}/${which}`).then(
        (address) => (image.src = address),
        () => image.remove(), // the file has changed meanwhile
      );
      return image;
    });
    return h("label", { class: "net" }, input, ...pictures, words);
  }

  choose(name) {
    for (const input of this.list.querySelectorAll("input")) {
      if (input.net !== name) continue;
      input.checked = true;
      this.chosen = name;
      this.say("");
      this.changed();
    }
  }

  say(text) {
    this.error.textContent = text;
  }
}
