// Places for pictures: chosen, dropped or pasted, checked by the server, shown with what is wrong.

import { ask, fresh, h, pictureAddress } from "./api.js";

export class Slot {
  // about: {slot, label}; limit: bytes; changed: called with the slot.
  constructor(about, limit, changed) {
    this.name = about.slot;
    this.limit = limit;
    this.changed = changed;
    this.picture = null;
    const id = fresh("file");
    const [title, ...rest] = about.label.split(": ");
    this.title = title;
    this.input = h("input", { id, type: "file", accept: "image/*,.tif,.tiff,.avif,.qoi" });
    this.input.addEventListener("change", () => {
      if (this.input.files.length) this.take(this.input.files[0]);
      this.input.value = "";
    });
    this.image = h("img", { alt: "", hidden: true });
    this.hint = h("span", { class: "hint" }, "Drop a picture here, or choose one");
    this.place = h("label", { class: "place", for: id }, this.image, this.hint);
    this.about = h("p", { class: "about" });
    this.error = h("p", { class: "error", role: "alert" });
    this.element = h(
      "div",
      { class: "slot", "data-slot": this.name, role: "group", "aria-label": about.label },
      h("h2", {}, title, rest.length ? h("small", {}, ` ${rest.join(": ")}`) : null),
      this.input,
      this.place,
      this.about,
      this.error,
    );
    this.input.setAttribute("aria-label", `${about.label}: choose a picture`);
    this.listen();
  }

  listen() {
    const element = this.element;
    const mark = (on) => (event) => {
      event.preventDefault();
      element.classList.toggle("over", on);
    };
    element.addEventListener("dragover", mark(true));
    element.addEventListener("dragleave", mark(false));
    element.addEventListener("drop", (event) => {
      mark(false)(event);
      if (event.dataTransfer.files.length) this.take(event.dataTransfer.files[0]);
    });
    element.addEventListener("paste", (event) => {
      if (event.clipboardData.files.length) this.take(event.clipboardData.files[0]);
    });
  }

  async take(file) {
    this.say("");
    if (file.size > this.limit) {
      const most = Math.round(this.limit / 2 ** 20);
      this.say(`${file.name} has ${Math.ceil(file.size / 2 ** 20)} MiB, and ${most} may be sent`);
      return;
    }
    this.element.classList.add("busy");
    try {
      await this.set(await this.send(file, file.name));
      this.changed(this);
    } catch (error) {
      this.say(error.message);
    } finally {
      this.element.classList.remove("busy");
    }
  }

  send(file, name) {
    return ask(`picture?name=${encodeURIComponent(name)}`, { method: "POST", body: file });
  }

  // picture: {id, name, width, height, notes}
  async set(picture) {
    this.picture = picture;
    this.say("");
    const { name, width, height, notes } = picture;
    this.about.textContent = [`${name}, ${width}×${height} px`, ...notes].join("; ");
    this.image.src = await pictureAddress(`picture/${picture.id}`);
    this.image.alt = `${this.title}: ${name}`;
    this.image.hidden = false;
    this.hint.hidden = true;
  }

  say(text) {
    this.error.textContent = text;
    this.input.setAttribute("aria-invalid", String(Boolean(text)));
  }
}
