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
  calendar: ["M4 5h12v11.5H4z", "M4 8.5h12", "M7 3v3.5", "M13 3v3.5"],
  down: ["M6 8.5l4 4 4-4"],
  plus: ["M10 5v10", "M5 10h10"],
  menu: ["M4 6h12", "M4 10h12", "M4 14h12"],
  link: ["M8.5 11.5l3-3", "M9 6.5l2-2a3.2 3.2 0 0 1 4.5 4.500l-2 2", "M11 13.500l-2 2a3.2 3.2 0 0 1-4.500-4.500l2-2"],
  moon: ["M16 12.200A6.500 6.500 0 0 1 7.800 4a6.500 6.500 0 1 0 8.200 8.200z"],
  sun: ["M10 13.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7z", "M10 2.500v1.500", "M10 16v1.500", "M2.500 10H4", "M16 10h1.500", "M4.700 4.700l1 1", "M14.300 14.300l1 1", "M4.700 15.300l1-1", "M14.300 5.700l1-1"],
  bookmark: ["M6 3.500h8v13l-4-3-4 3z"],
  help: ["M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14z", "M8 8.200a2 2 0 1 1 2.800 1.900c-.5.2-.8.6-.8 1.200v.4", "M10 13.800v.1"],
  info: ["M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14z", "M10 9v4.500", "M10 6.500v.1"],
  check: ["M4.500 10.500l3.500 3.500 7.500-8"],
  none: ["M10 16.500a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13z", "M5.500 14.500l9-9"],
  grid: ["M3.500 3.500h5v6h-5z", "M11.500 3.500h5v3.500h-5z", "M11.500 10h5v6.500h-5z", "M3.500 12.500h5v4h-5z"],
  funnel: ["M3.500 4.500h13", "M3.500 8.200h9.500", "M3.500 11.900h6", "M3.500 15.500h3"],
  globe: ["M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14z", "M3 10h14", "M10 3c2.500 2 2.500 12 0 14", "M10 3c-2.500 2-2.500 12 0 14"],
  clock: ["M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14z", "M10 6v4.200l2.700 1.700"],
  share: ["M5 11.800a1.800 1.800 0 1 0 0-3.600 1.800 1.800 0 0 0 0 3.600z", "M15 6.800a1.800 1.800 0 1 0 0-3.600 1.800 1.800 0 0 0 0 3.600z", "M15 16.800a1.800 1.800 0 1 0 0-3.600 1.800 1.800 0 0 0 0 3.600z", "M6.700 9.200 13.300 5.800", "M6.700 10.800l6.600 3.400"],
  drop: ["M10 3c2.800 3.500 4.800 6 4.800 8.600a4.800 4.800 0 0 1-9.600 0C5.200 9 7.200 6.500 10 3z"],
  sliders: ["M3.500 5.500h13", "M3.500 10h13", "M3.500 14.500h13", "M7 4v3", "M12.500 8.500v3", "M6 13v3"],
  shield: ["M10 3l5.500 2v4.500c0 3.500-2.300 6-5.500 7.500-3.200-1.500-5.500-4-5.500-7.500V5z", "M7.500 10l1.800 1.800 3.200-3.300"],
  bars: ["M5 16V9", "M10 16V4", "M15 16v-5"],
}

export function icon(name) {
  const picture = fill(document.createElementNS(SVG, "svg"), {
    viewBox: "0 0 20 20", width: 18, height: 18, fill: "none", stroke: "currentColor", "stroke-width": 1.5,
    "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true", focusable: "false",
  }, [])
  for (const d of ICONS[name] || ICONS.bars) picture.append(fill(document.createElementNS(SVG, "path"), {d}, []))
  return picture
}

export function color(token, otherwise = "accent") {
  return `var(--sl-${/^[a-z0-9-]+$/.test(token || "") ? token : otherwise})`
}

export function percent(fraction) {
  return `${Math.max(0, Math.min(1, fraction ?? 0)) * 100}%`
}

// Replaces what a container holds and gives the focus back to the element with the same data-key. A function that makes
// the children is called once the focus is known: it may move elements that are there, and they lose it.
export function redraw(container, ...children) {
  const focused = container.getRootNode().activeElement
  const key = focused && container.contains(focused) ? focused.dataset.key : null
  const drawn = children.map((child) => (typeof child === "function" ? child() : child))
  container.replaceChildren(...drawn.flat(Infinity).filter((child) => child != null && child !== false && child !== ""))
  if (key != null) {
    for (const element of container.querySelectorAll("[data-key]")) {
      if (element.dataset.key === key) return element.focus({preventScroll: true})
    }
  }
}
