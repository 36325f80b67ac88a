/* The windows in which a scan is shown. PET in SUV (g/mL), CT in Hounsfield units. */

export type Display = 'fused' | 'pet' | 'soft' | 'lung' | 'bone'

/** ct: window shown; null: no CT is drawn. pet: whether the PET lies over it. */
export interface Shown { title: string; key: string; ct: [number, number] | null; pet: boolean }

export const DISPLAYS: Record<Display, Shown> = {
  fused: { title: 'Fused, hot', key: '1', ct: [-160, 240], pet: true },
  pet: { title: 'PET, inverse grey', key: '2', ct: null, pet: true },
  soft: { title: 'CT soft tissue', key: '3', ct: [-160, 240], pet: false },
  lung: { title: 'CT lung', key: '4', ct: [-1350, 150], pet: false },
  bone: { title: 'CT bone', key: '5', ct: [-450, 1050], pet: false },
}
export const SUV_TOPS = [5, 7, 10, 15, 20, 30] as const
export const USUAL_SUV_TOP = 10

/** The colour of every number between low and high, as the bytes of an ImageData hold it; beyond them that of the ends. */
export interface Colours { name: string; low: number; high: number; table: Uint32Array }
type Stop = [share: number, red: number, green: number, blue: number, opacity: number]

const STEPS = 1024
const GREY: Stop[] = [[0, 0, 0, 0, 1], [1, 255, 255, 255, 1]]
const INVERSE_GREY: Stop[] = [[0, 255, 255, 255, 1], [1, 0, 0, 0, 1]]
/** Black body colours; what is cold lets the CT through. */
const HOT: Stop[] = [[0, 60, 0, 0, 0], [0.12, 140, 0, 0, 0.15], [0.38, 255, 30, 0, 0.55], [0.75, 255, 220, 0, 0.8], [1, 255, 255, 230, 0.9]]

const made = new Map<string, Colours>()

export const petColours = (fused: boolean, suvTop: number) => colours(fused ? HOT : INVERSE_GREY, `${fused ? 'hot' : 'grey'} ${suvTop}`, 0, suvTop)
export const ctColours = ([low, high]: [number, number]) => colours(GREY, `ct ${low} ${high}`, low, high)

function colours(stops: Stop[], name: string, low: number, high: number): Colours {
  const known = made.get(name)
  if (known) return known
  const bytes = new Uint8ClampedArray(STEPS * 4)
  for (let step = 0; step < STEPS; step++) bytes.set(colourAt(stops, step / (STEPS - 1)), step * 4)
  const colours = { name, low, high, table: new Uint32Array(bytes.buffer) }
  made.set(name, colours)
  return colours
}

function colourAt(stops: Stop[], share: number): number[] {
  const upper = Math.max(1, stops.findIndex((one) => one[0] >= share))
  const [from, to] = [stops[upper - 1]!, stops[upper]!]
  const way = (share - from[0]) / (to[0] - from[0])
  const mixed = [1, 2, 3, 4].map((n) => from[n]! + way * (to[n]! - from[n]!))
  return [mixed[0]!, mixed[1]!, mixed[2]!, 255 * mixed[3]!]
}
