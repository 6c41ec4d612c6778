// One run: asked for, watched while it grows, stopped, and what came of it.

import { ask, download, fetchBlob, h, wait } from "./api.js";

const OFTEN = 400; // ms
const SOON = 100; // ms, at first: what a network makes takes no longer

export class Runner {
  // start: () -> promise of what to make; failed: (error) -> whether it was told; ended: (run)
  constructor(start, failed, ended) {
    this.start = start;
    this.failed = failed;
    this.ended = ended;
    this.id = null;
    this.making = h("button", { type: "button", class: "primary", onclick: () => this.make() });
    this.making.textContent = "Make it";
    this.stopping = h(
      "button",
      { type: "button", disabled: true, onclick: () => this.stop() },
      "Stop",
    );
    this.state = h("p", { class: "state", role: "status" });
    this.detail = h("p", { class: "detail" });
    this.bar = h("progress", { max: "1", value: "0", hidden: true, "aria-label": "Progress" });
    this.error = h("p", { class: "error", role: "alert" });
    this.image = h("img", { alt: "", hidden: true, class: "result" });
    this.notes = h("ul", { class: "notes" });
    this.files = h("div", { class: "tools", hidden: true });
    this.element = h(
      "div",
      { class: "run" },
      h("div", { class: "tools" }, this.making, this.stopping),
      this.bar,
      this.state,
      this.detail,
      this.error,
      this.image,
      this.files,
      this.notes,
    );
  }

  say(text) {
    if (this.state.textContent !== text) this.state.textContent = text;
  }

  async make() {
    this.error.textContent = "";
    this.making.disabled = true;
    try {
      const run = await ask("make", { method: "POST", json: await this.start() });
      this.reset();
      await this.watch(run);
    } catch (error) {
      if (!this.failed(error)) this.error.textContent = error.message;
    } finally {
      this.making.disabled = false;
      this.stopping.disabled = true;
    }
  }

  reset() {
    this.files.hidden = true;
    this.image.hidden = true;
    this.notes.replaceChildren();
    this.bar.hidden = false;
    this.bar.value = 0;
  }

  // Follows a run to its end, also one that was begun before the page was loaded.
  async watch(run) {
    this.id = run.id;
    this.making.disabled = true;
    this.stopping.disabled = false;
    this.bar.hidden = false;
    let pictures = 0;
    try {
      for (let turn = 0; ; turn++) {
        this.show(run);
        if (run.pictures !== pictures) {
          pictures = run.pictures;
          await this.showPicture(run);
        }
        if (["done", "stopped", "failed"].includes(run.state)) break;
        await wait(turn < 10 ? SOON : OFTEN);
        run = await ask(`run/${run.id}`);
      }
      this.finish(run);
    } catch (error) {
      this.error.textContent = error.message;
    } finally {
      this.making.disabled = false;
      this.stopping.disabled = true;
    }
  }

  show(run) {
    if (run.state === "waiting") {
      const others = run.before === 1 ? "One run is" : `${run.before} runs are`;
      this.say(run.before ? `${others} before yours` : "Yours is next");
    } else if (run.state === "running" && run.done === undefined) {
      this.say("Starting");
    } else if (run.state === "running") {
      const level = run.levels ? `Level ${run.level} of ${run.levels}, ` : "Making ";
      this.say(`${level}${run.width}×${run.height} px`);
      this.bar.value = run.done;
      const loss = Number.isFinite(run.loss) ? `loss ${run.loss.toPrecision(4)}` : "";
      const share = `${Math.floor(run.done * 100)} %`;
      this.detail.textContent = [share, loss, run.left].filter(Boolean).join(" · ");
    }
  }

  async showPicture(run) {
    const address = URL.createObjectURL(await fetchBlob(`run/${run.id}/picture`));
    const before = this.image.src;
    this.image.src = address;
    this.image.alt = `B' at ${run.width}×${run.height} px`;
    this.image.hidden = false;
    this.image.dataset.pictures = run.pictures;
    if (before) setTimeout(() => URL.revokeObjectURL(before), 1000);
  }

  finish(run) {
    this.bar.hidden = true;
    this.detail.textContent = "";
    const size = `${run.width}×${run.height} px, ${run.seconds.toFixed(1)} s`;
    const told = {
      done: `Done: ${size}`,
      stopped: run.pictures ? `Stopped; the picture so far is kept: ${size}` : "Stopped",
      failed: "",
    };
    this.say(told[run.state]);
    this.error.textContent = run.error;
    this.notes.replaceChildren(...run.notes.map((note) => h("li", {}, note)));
    if (run.pictures && run.state !== "failed") {
      this.files.replaceChildren(...fileButtons(run));
      this.files.hidden = false;
    }
    this.ended(run);
  }

  async stop() {
    this.say("Stopping");
    try {
      await ask(`stop/${this.id}`, { method: "POST" });
    } catch (error) {
      this.error.textContent = error.message;
    }
  }
}

// made: {id, record: whether there is a record}
export function fileButtons({ id, record }, words = ["Download picture", "Download record"]) {
  const name = `analogy-${id.slice(0, 8)}`;
  const button = (what, suffix, word) => {
    const onclick = () => download(`made/${id}/${what}`, name + suffix);
    return h("button", { type: "button", onclick }, word);
  };
  const picture = button("picture", ".png", words[0]);
  return record ? [picture, button("record", ".json", words[1])] : [picture];
}

// Makes small pictures of what is given, the newest alone.
export class Previewer {
  // start: () -> promise of what to make, or of null; hint: what is told before there is any.
  constructor(start, hint) {
    this.start = start;
    this.turn = 0;
    this.image = h("img", { alt: "", hidden: true });
    this.empty = h("p", { class: "empty" }, hint);
    this.state = h("p", { class: "about", role: "status" });
    this.element = h(
      "figure",
      { class: "preview" },
      h("figcaption", {}, "Preview"),
      this.image,
      this.empty,
      this.state,
    );
  }

  // Asks for a picture; when it comes it is shown.
  async renew() {
    const turn = ++this.turn;
    const began = performance.now();
    try {
      await wait(60); // another stroke may follow at once
      if (turn !== this.turn) return;
      const asked = await this.start();
      if (!asked || turn !== this.turn) return;
      const run = await ask("make", { method: "POST", json: { ...asked, preview: true } });
      this.follow(run, turn, began);
    } catch (error) {
      if (turn === this.turn) this.state.textContent = error.message;
    }
  }

  async follow(run, turn, began) {
    const current = () => turn === this.turn;
    try {
      while (current() && ["waiting", "running"].includes(run.state)) {
        this.state.textContent =
          run.state === "waiting" && run.before ? "Waits for the run that is being made" : "";
        await wait(run.state === "waiting" ? 150 : 80);
        run = await ask(`run/${run.id}`);
      }
      if (!current() || run.state !== "done") {
        if (current()) this.state.textContent = run.error;
        return;
      }
      const before = this.image.src;
      this.image.src = URL.createObjectURL(await fetchBlob(`run/${run.id}/picture`));
      if (before) URL.revokeObjectURL(before);
      this.image.hidden = false;
      this.empty.hidden = true;
      this.image.alt = "B' of what is given so far, small";
      this.state.textContent = "";
      this.image.dataset.milliseconds = Math.round(performance.now() - began);
      this.image.dataset.turn = turn;
    } catch (error) {
      if (current()) this.state.textContent = error.message;
    }
  }
}
