// Elements made of texts, never of markup.

/** An element with classes, e.g. "p.hint", attributes, and children: texts or elements. */
export function make(what, attributes = {}, ...children) {
  const [name, ...classes] = what.split(".");
  const made = document.createElement(name);
  made.classList.add(...classes);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** The element with an id. */
export const get = (id) => document.getElementById(id);
