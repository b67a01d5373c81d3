// How each renderer of dashboard/body.py is drawn: `renderer` -> function(body, act, card) returning elements.

import {kpis, steps, table} from "../_js/body.js"

export const BODIES = {
  kpis,
  steps,
  rows: table,
  bokeh: () => [],
  "bokeh+table": table,
}
