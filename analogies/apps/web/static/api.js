// Requests to the server this page came from, all of one session, and small helpers for elements.

const KEY = "analogies-session";
const memory = new Map(); // where the browser keeps nothing

export function remember(name, value) {
  memory.set(name, value);
  try {
    localStorage.setItem(name, JSON.stringify(value));
  } catch {
    // kept until the page is left
  }
}

export function recall(name, otherwise = null) {
  if (memory.has(name)) return memory.get(name);
  try {
    const text = localStorage.getItem(name);
    return text === null ? otherwise : JSON.parse(text);
  } catch {
    return otherwise;
  }
}

export class Refused extends Error {
  constructor(status, told) {
    super(told.error || `the server answered ${status}`);
    this.status = status;
    this.slot = told.slot;
  }
}

async function send(path, { method = "GET", body = null, json = null } = {}) {
  const headers = { "x-analogies-session": recall(KEY, "") };
  const options = { method, headers, body: json === null ? body : JSON.stringify(json) };
  const url = new URL("analogies/" + path, document.baseURI);
  let answer;
  try {
    answer = await fetch(url, options);
  } catch {
    throw new Refused(0, { error: "the server does not answer; is it still running?" });
  }
  if (answer.ok) return answer;
  let told = {};
  try {
    told = await answer.json();
  } catch {
    // no more is known than the status
  }
  throw new Refused(answer.status, told);
}

export async function ask(path, options) {
  return (await send(path, options)).json();
}

export async function fetchBlob(path) {
  return (await send(path)).blob();
}

// What the server knows of this session; a new session where there is none.
export async function begin() {
  try {
    return await ask("state");
  } catch (error) {
    if (error.status !== 401) throw error;
  }
  remember(KEY, (await ask("session", { method: "POST" })).key);
  return ask("state");
}

const shown = new Map(); // path -> address of a picture that does not change

export async function pictureAddress(path) {
  if (!shown.has(path)) shown.set(path, URL.createObjectURL(await fetchBlob(path)));
  return shown.get(path);
}

export async function download(path, name) {
  const address = URL.createObjectURL(await fetchBlob(path));
  const link = h("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

// An element with attributes ("on..." are listeners) and children.
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined)
      element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

let number = 0;
export const fresh = (prefix) => `an-${prefix}-${++number}`;
export const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
