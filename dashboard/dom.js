// Small ways to make elements. Text only ever enters the page as a text node: there is no innerHTML in this project.

const SVG = "http://www.w3.org/2000/svg"

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value == null || value === false) continue
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener)
    } else if (name === "style") {
      for (const [property, setting] of Object.entries(value)) {
        if (setting != null) element.style.setProperty(property, setting)
      }
    } else {
      element.setAttribute(name, value === true ? "" : String(value))
    }
  }
  element.append(...children.flat(Infinity).filter((child) => child != null && child !== false && child !== ""))
  return element
}

export function h(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children)
}

const ICONS = {
  table: ["M3.5 4.5h13v11h-13z", "M3.5 8h13", "M3.5 11.75h13", "M8 8v7.5"],
  code: ["M7.5 6.5 4 10l3.5 3.5", "M12.5 6.5 16 10l-3.5 3.5"],
  download: ["M10 3.5v8.5", "M6.5 9 10 12.5 13.5 9", "M4 16h12"],
  close: ["M6 6l8 8", "M14 6l-8 8"],
  search: ["M8.75 13.5a4.75 4.75 0 1 0 0-9.5 4.75 4.75 0 0 0 0 9.5z", "M12.25 12.25 16 16"],
  warn: ["M10 4 17 16H3z", "M10 8.5v3.5", "M10 13.8v.2"],
  empty: ["M4 12.5 6 5h8l2 7.5v3.5H4z", "M4 12.5h3.5L8.5 14h3l1-1.5H16"],
}

export function icon(name) {
  const picture = fill(document.createElementNS(SVG, "svg"), {
    viewBox: "0 0 20 20", width: 18, height: 18, fill: "none", stroke: "currentColor", "stroke-width": 1.5,
    "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true", focusable: "false",
  }, [])
  for (const d of ICONS[name]) picture.append(fill(document.createElementNS(SVG, "path"), {d}, []))
  return picture
}

export function color(token, otherwise = "accent") {
  return `var(--sl-${/^[a-z0-9-]+$/.test(token || "") ? token : otherwise})`
}

export function percent(fraction) {
  return `${Math.max(0, Math.min(1, fraction ?? 0)) * 100}%`
}

// Replaces what a container holds and gives the focus back to the element with the same data-key.
export function redraw(container, ...children) {
  const focused = container.getRootNode().activeElement
  const key = focused && container.contains(focused) ? focused.dataset.key : null
  container.replaceChildren(...children.flat(Infinity).filter((child) => child != null && child !== false && child !== ""))
  if (key != null) {
    for (const element of container.querySelectorAll("[data-key]")) {
      if (element.dataset.key === key) return element.focus({preventScroll: true})
    }
  }
}

export function announce(name, detail) {
  window.dispatchEvent(new CustomEvent(`silent-leak:${name}`, {detail}))
}

export function listen(model, name, listener) {
  const heard = (event) => listener(event.detail)
  window.addEventListener(`silent-leak:${name}`, heard)
  model.on("remove", () => window.removeEventListener(`silent-leak:${name}`, heard))
}
