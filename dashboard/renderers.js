// How each renderer of dashboard/body.py is drawn: `renderer` -> function(body, act, card) returning elements.

import {boards, heat} from "../_js/boards.js"
import {kpis, steps, table} from "../_js/body.js"
import {contributions, findings, notices} from "../_js/findings.js"

export const BODIES = {
  boards,
  contributions,
  findings,
  heat,
  kpis,
  notices,
  steps,
  rows: table,
  bokeh: () => [],
  "bokeh+table": table,
}
