// A canvas for label maps. What is kept is an index into the palette per pixel, so that there are
// no other colors, not even at the edges of strokes.

import { h, fresh, recall, remember } from "./api.js";

const UNDOS = 60;
const UNDO_BYTES = 2 ** 26;
const NAMES = "analogies-names";

export class Painter {
  // changed: called when a stroke has ended, or anything else has changed the map.
  constructor(changed) {
    this.changed = changed;
    this.colors = [{ name: "white", rgb: [255, 255, 255] }];
    this.color = 0;
    this.brush = 8;
    this.tool = "brush";
    this.undos = [];
    this.redos = [];
    this.cursor = [0, 0];
    this.blank = true; // nothing was painted or loaded yet
    this.under = null; // pixels of a picture over which a mask is painted
    this.build();
    this.resize(320, 240);
  }

  build() {
    this.canvas = h("canvas", {
      tabindex: "0",
      role: "application",
      "aria-label":
        "Map to paint. Arrow keys move the brush, with shift farther; space paints, " +
        "F fills, Z undoes.",
    });
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    this.ring = h("div", { class: "ring", hidden: true });
    this.frame = h("div", { class: "canvas" }, this.canvas, this.ring);
    this.swatches = h("div", { class: "swatches", role: "radiogroup", "aria-label": "Colors" });
    const name = fresh("name");
    this.naming = h("input", { id: name, type: "text", maxlength: "40" });
    this.naming.addEventListener("change", () => this.rename(this.naming.value));
    const size = fresh("brush");
    const told = h("output", { for: size }, "8 px");
    const range = h("input", { id: size, type: "range", min: "1", max: "80", value: "8" });
    this.setBrush = (side) => {
      this.brush = range.valueAsNumber = side;
      told.textContent = `${side} px`;
    };
    range.addEventListener("input", () => this.setBrush(range.valueAsNumber));
    this.tools = ["brush", "fill"].map((tool) =>
      h(
        "button",
        { type: "button", "aria-pressed": String(tool === this.tool), onclick: () => this.use(tool) },
        tool === "brush" ? "Brush" : "Fill",
      ),
    );
    this.undoing = h("button", { type: "button", onclick: () => this.undo() }, "Undo");
    this.redoing = h("button", { type: "button", onclick: () => this.redo() }, "Redo");
    const clear = h("button", { type: "button", onclick: () => this.clear() }, "Clear");
    this.width = h("input", { id: fresh("w"), type: "number", min: "16", max: "4096" });
    this.height = h("input", { id: fresh("h"), type: "number", min: "16", max: "4096" });
    const apply = h("button", { type: "button", onclick: () => this.applySize() }, "Set size");
    this.element = h(
      "div",
      { class: "painter" },
      this.swatches,
      h(
        "div",
        { class: "tools" },
        ...this.tools,
        h("span", { class: "field" }, h("label", { for: size }, "Size"), range, told),
        this.undoing,
        this.redoing,
        clear,
      ),
      this.frame,
      (this.details = h(
        "div",
        { class: "tools" },
        h("span", { class: "field" }, h("label", { for: name }, "Color stands for"), this.naming),
        h("span", { class: "field" }, h("label", { for: this.width.id }, "Width"), this.width),
        h("span", { class: "field" }, h("label", { for: this.height.id }, "Height"), this.height),
        apply,
      )),
    );
    this.listen();
  }

  listen() {
    const canvas = this.canvas;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      this.keep();
      this.last = this.place(event);
      if (this.tool === "fill") this.fill(...this.last);
      else this.stroke(this.last, this.last);
      event.preventDefault();
      canvas.focus({ preventScroll: true });
    });
    canvas.addEventListener("pointermove", (event) => {
      const place = this.place(event);
      this.showRing(place);
      if (!this.last || this.tool === "fill") return;
      this.stroke(this.last, place);
      this.last = place;
    });
    const end = () => {
      if (!this.last) return;
      this.last = null;
      this.changed();
    };
    canvas.addEventListener("pointerup", end);
    canvas.addEventListener("pointercancel", end);
    canvas.addEventListener("pointerleave", () => (this.ring.hidden = true));
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("focus", () => this.showRing(this.cursor));
    canvas.addEventListener("blur", () => (this.ring.hidden = true));
  }

  key(event) {
    const far = Math.max(1, Math.round(this.brush / 2)) * (event.shiftKey ? 4 : 1);
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const step = steps[event.key];
    if (step) {
      const [x, y] = this.cursor;
      const limit = (value, most) => Math.min(Math.max(value, 0), most - 1);
      this.cursor = [
        limit(x + step[0] * far, this.canvas.width),
        limit(y + step[1] * far, this.canvas.height),
      ];
      this.showRing(this.cursor);
    } else if (event.key === " " || event.key === "f" || event.key === "F") {
      this.keep();
      if (event.key === " ") this.stroke(this.cursor, this.cursor);
      else this.fill(...this.cursor);
      this.changed();
    } else if (event.key === "z" || event.key === "Z") {
      if (event.shiftKey) this.redo();
      else this.undo();
    } else return;
    event.preventDefault();
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    const x = Math.floor(((event.clientX - box.left) * this.canvas.width) / box.width);
    const y = Math.floor(((event.clientY - box.top) * this.canvas.height) / box.height);
    this.cursor = [x, y];
    return [x, y];
  }

  showRing([x, y]) {
    const scale = this.canvas.clientWidth / this.canvas.width;
    const side = Math.max(this.brush * scale, 6);
    Object.assign(this.ring.style, {
      width: `${side}px`,
      height: `${side}px`,
      left: `${(x + 0.5) * scale - side / 2}px`,
      top: `${(y + 0.5) * scale - side / 2}px`,
    });
    this.ring.hidden = false;
  }

  use(tool) {
    this.tool = tool;
    this.tools.forEach((button, index) =>
      button.setAttribute("aria-pressed", String(["brush", "fill"][index] === tool)),
    );
  }

  setPalette(colors) {
    const names = recall(NAMES, {});
    const before = this.colors;
    this.colors = colors.map((color) => ({
      rgb: color.rgb,
      name: names[color.rgb.join()] || color.name,
    }));
    const moved = before.map((color) => nearest(color.rgb, this.colors));
    this.map = this.map.map((index) => (this.blank ? 0 : moved[index]));
    this.undos = [];
    this.redos = [];
    this.color = Math.min(this.color, this.colors.length - 1);
    this.showSwatches();
    this.draw();
  }

  showSwatches() {
    const group = fresh("color");
    this.swatches.replaceChildren(
      ...this.colors.map((color, index) => {
        const input = h("input", {
          type: "radio",
          name: group,
          checked: index === this.color,
          onchange: () => this.choose(index),
        });
        const spot = h("span", { class: "spot", style: `background: rgb(${color.rgb.join()})` });
        return h("label", { class: "swatch" }, input, spot, h("span", {}, color.name));
      }),
    );
    this.naming.value = this.colors[this.color].name;
  }

  // Takes a picture to paint a mask over; what is painted shines through in red.
  setUnder(bitmap) {
    this.resize(bitmap.width, bitmap.height);
    const canvas = h("canvas", { width: bitmap.width, height: bitmap.height });
    const context = canvas.getContext("2d");
    context.drawImage(bitmap, 0, 0);
    this.under = context.getImageData(0, 0, bitmap.width, bitmap.height).data;
    this.draw();
  }

  // The color in which a pixel is shown.
  shown(pixel) {
    const { rgb } = this.colors[this.map[pixel]];
    if (!this.under) return rgb;
    const below = this.under.slice(pixel * 4, pixel * 4 + 3);
    const red = [255, 40, 90];
    return this.map[pixel] ? red.map((value, i) => 0.7 * value + 0.3 * below[i]) : below;
  }

  choose(index) {
    this.color = index;
    this.naming.value = this.colors[index].name;
  }

  rename(name) {
    const color = this.colors[this.color];
    color.name = name.trim() || color.name;
    remember(NAMES, { ...recall(NAMES, {}), [color.rgb.join()]: color.name });
    this.showSwatches();
  }

  resize(width, height) {
    const before = this.map && [this.map, this.canvas.width, this.canvas.height];
    this.canvas.width = this.width.value = width;
    this.canvas.height = this.height.value = height;
    this.canvas.style.aspectRatio = `${width} / ${height}`;
    this.image = this.context.createImageData(width, height);
    this.map = new Uint8Array(width * height);
    if (before) {
      const [map, oldWidth, oldHeight] = before;
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++)
          this.map[y * width + x] =
            map[
              Math.floor((y * oldHeight) / height) * oldWidth + Math.floor((x * oldWidth) / width)
            ];
    }
    this.undos = [];
    this.redos = [];
    this.under = null;
    this.draw();
  }

  applySize() {
    const limit = (input) =>
      Math.min(Math.max(Math.round(Number(input.value)) || 16, 16), Number(input.max));
    this.resize(limit(this.width), limit(this.height));
    this.changed();
  }

  // Takes the pixels of a picture; each gets the nearest color.
  load(bitmap) {
    this.resize(bitmap.width, bitmap.height);
    this.blank = false;
    const canvas = h("canvas", { width: bitmap.width, height: bitmap.height });
    const context = canvas.getContext("2d");
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
    const known = new Map();
    for (let pixel = 0; pixel < this.map.length; pixel++) {
      const at = pixel * 4;
      const packed = (data[at] << 16) | (data[at + 1] << 8) | data[at + 2];
      let index = known.get(packed);
      if (index === undefined) {
        index = nearest([data[at], data[at + 1], data[at + 2]], this.colors);
        known.set(packed, index);
      }
      this.map[pixel] = index;
    }
    this.draw();
  }

  clear() {
    this.keep();
    this.map.fill(this.color);
    this.draw();
    this.changed();
  }

  stroke([x0, y0], [x1, y1]) {
    const steps = Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0), 1);
    for (let step = 0; step <= steps; step++)
      this.stamp(
        Math.round(x0 + ((x1 - x0) * step) / steps),
        Math.round(y0 + ((y1 - y0) * step) / steps),
      );
    const reach = Math.ceil(this.brush / 2) + 1;
    this.draw(
      Math.min(x0, x1) - reach,
      Math.min(y0, y1) - reach,
      Math.max(x0, x1) + reach,
      Math.max(y0, y1) + reach,
    );
  }

  stamp(x, y) {
    const { width, height } = this.canvas;
    const radius = this.brush / 2;
    const reach = Math.ceil(radius);
    for (let dy = -reach; dy <= reach; dy++)
      for (let dx = -reach; dx <= reach; dx++) {
        const inside = dx * dx + dy * dy < radius * radius;
        const here = x + dx >= 0 && x + dx < width && y + dy >= 0 && y + dy < height;
        if (inside && here) this.map[(y + dy) * width + x + dx] = this.color;
      }
  }

  fill(x, y) {
    const { width, height } = this.canvas;
    if (x < 0 || y < 0 || x >= width || y >= height) return;
    const from = this.map[y * width + x];
    if (from === this.color) return;
    const stack = [y * width + x];
    this.map[stack[0]] = this.color;
    const visit = (pixel) => {
      if (this.map[pixel] !== from) return;
      this.map[pixel] = this.color;
      stack.push(pixel);
    };
    while (stack.length) {
      const pixel = stack.pop();
      const column = pixel % width;
      if (column > 0) visit(pixel - 1);
      if (column < width - 1) visit(pixel + 1);
      if (pixel >= width) visit(pixel - width);
      if (pixel < width * (height - 1)) visit(pixel + width);
    }
    this.draw();
  }

  keep() {
    this.blank = false;
    const most = Math.max(1, Math.min(UNDOS, Math.floor(UNDO_BYTES / this.map.length)));
    this.undos.push(this.map.slice());
    if (this.undos.length > most) this.undos.shift();
    this.redos = [];
    this.enable();
  }

  undo() {
    this.swap(this.undos, this.redos);
  }

  redo() {
    this.swap(this.redos, this.undos);
  }

  swap(from, to) {
    if (!from.length) return;
    to.push(this.map);
    this.map = from.pop();
    this.draw();
    this.changed();
  }

  enable() {
    this.undoing.disabled = !this.undos.length;
    this.redoing.disabled = !this.redos.length;
  }

  draw(left = 0, top = 0, right = this.canvas.width, bottom = this.canvas.height) {
    const { width, height } = this.canvas;
    [left, top] = [Math.max(left, 0), Math.max(top, 0)];
    [right, bottom] = [Math.min(right, width), Math.min(bottom, height)];
    const { data } = this.image;
    for (let y = top; y < bottom; y++)
      for (let x = left; x < right; x++) {
        const pixel = y * width + x;
        const rgb = this.shown(pixel);
        data[pixel * 4] = rgb[0];
        data[pixel * 4 + 1] = rgb[1];
        data[pixel * 4 + 2] = rgb[2];
        data[pixel * 4 + 3] = 255;
      }
    if (right > left && bottom > top)
      this.context.putImageData(this.image, 0, 0, left, top, right - left, bottom - top);
    this.enable();
  }

  blob() {
    let canvas = this.canvas;
    if (this.under) {
      const { width, height } = canvas;
      canvas = h("canvas", { width, height });
      const context = canvas.getContext("2d");
      const image = context.createImageData(width, height);
      for (let pixel = 0; pixel < this.map.length; pixel++) {
        const [red, green, blue] = this.colors[this.map[pixel]].rgb;
        image.data.set([red, green, blue, 255], pixel * 4);
      }
      context.putImageData(image, 0, 0);
    }
    return new Promise((done) => canvas.toBlob(done, "image/png"));
  }
}

function nearest(rgb, colors) {
  let [best, least] = [0, Infinity];
  colors.forEach((color, index) => {
    const far = color.rgb.reduce((sum, value, i) => sum + (value - rgb[i]) ** 2, 0);
    if (far < least) [best, least] = [index, far];
  });
  return best;
}
