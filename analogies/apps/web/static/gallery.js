// What was made: with its options, to be made again, downloaded or deleted.

import { ask, h, pictureAddress } from "./api.js";
import { fileButtons } from "./runs.js";

export class Gallery {
  // opened: (name of a tab) -> promise of its panel, which is then looked at.
  constructor(place, opened) {
    this.place = place;
    this.opened = opened;
    this.renew();
  }

  async renew() {
    this.show(await ask("state"));
  }

  show(state) {
    const shown = state.gallery.map((made) => this.entry(made, state));
    const nothing = h("p", { class: "told" }, "What you make is kept here while the page runs.");
    this.place.replaceChildren(
      h("div", { class: "gallery" }, ...shown),
      ...(shown.length ? [] : [nothing]),
    );
  }

  entry(made, state) {
    const tab = state.tabs.find((each) => each.name === made.tab);
    const options = Object.entries(made.options).map(([name, value]) => `${name} ${value}`);
    const of = Object.values(made.pictures).map((id) => state.pictures[id]?.name ?? "?");
    const image = h("img", { alt: `B' made in ${tab.title} of ${of.join(", ")}` });
    pictureAddress(`made/${made.id}/picture`).then((address) => (image.src = address));
    const again = h(
      "button",
      { type: "button", onclick: () => this.again(made, state) },
      "Again with these",
    );
    const remove = h(
      "button",
      { type: "button", onclick: () => this.remove(made) },
      "Delete",
    );
    const about = [
      `${made.width}×${made.height} px, ${made.seconds} s${made.stopped ? ", stopped" : ""}`,
      `of ${of.join(", ")}`,
      options.join(", "),
    ];
    return h(
      "figure",
      {},
      image,
      h(
        "figcaption",
        {},
        h("strong", {}, tab.title),
        ...about.filter(Boolean).map((line) => h("span", { class: "about" }, line)),
      ),
      h("div", { class: "tools" }, again, ...fileButtons(made, ["Picture", "Record"]), remove),
    );
  }

  async again(made, state) {
    const panel = await this.opened(made.tab);
    const pictures = {};
    for (const [slot, id] of Object.entries(made.pictures))
      if (state.pictures[id]) pictures[slot] = state.pictures[id];
    await panel.give(pictures, made.options);
  }

  async remove(made) {
    await ask(`forget/${made.id}`, { method: "POST" });
    await this.renew();
  }
}
