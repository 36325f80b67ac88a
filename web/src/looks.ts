/* How disease, physiologic and undecided look: colour (Okabe and Ito, for colour-blind eyes), line and letter, everywhere the same. */

import type { Status } from './contract'

export interface Look { colour: string; dash: number[]; letter: string; word: string }

export const LOOKS: Record<Status, Look> = {
  disease: { colour: '#ff7a3d', dash: [], letter: 'D', word: 'disease' },
  physiologic: { colour: '#56b4e9', dash: [7, 4], letter: 'P', word: 'physiologic' },
  undecided: { colour: '#f0e442', dash: [2, 3], letter: '?', word: 'undecided' },
}
export const REFERENCE_COLOUR = '#cc79a7'
export const TOOL_COLOUR = '#00e0b0'
const HALO = 'rgba(0, 0, 0, 0.75)'

/** A line with a dark rim, so that it shows on white as on black. */
export function strokeTwice(pen: CanvasRenderingContext2D, path: Path2D, colour: string, dash: number[], wide: number): void {
  pen.setLineDash([])
  pen.lineWidth = wide + 2
  pen.strokeStyle = HALO
  pen.stroke(path)
  pen.setLineDash(dash)
  pen.lineWidth = wide
  pen.strokeStyle = colour
  pen.stroke(path)
  pen.setLineDash([])
}

export function writeTwice(pen: CanvasRenderingContext2D, text: string, x: number, y: number, colour: string): void {
  pen.lineJoin = 'round'
  pen.lineWidth = 3.5
  pen.strokeStyle = HALO
  pen.strokeText(text, x, y)
  pen.fillStyle = colour
  pen.fillText(text, x, y)
}
