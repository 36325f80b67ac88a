/* The images of a case: fetched once, kept while they are of use, and fetched ahead for the next case of the queue. */

import type { CaseView } from './contract'
import { type Grid, type Image, gridOf, readNifti } from './nifti'
import { type Loop, outlines } from './outlines'
import { getBytes, getCase } from './server'

/** The rotating projection: a frame in inverse grey from 0 to an SUV, and the labels that its pixels show. */
export interface Sprite { picture: ImageBitmap; shown: (frame: number, suvTop: number) => OffscreenCanvas; labels: (frame: number) => Uint32Array; loops: (frame: number) => Map<number, Loop[]> }
/** What edits change: the labels and where they are seen, as of a version of the reading. names: label → id then; an edit may number regions anew. */
export interface Drawn { version: number; names: Map<number, string>; labels: Promise<Image>; sprite: Sprite }
/** An image of every second voxel, to be looked at, until all of it is there. */
export interface Scanned<T> { early: Promise<T>; whole: Promise<T> }
/** Promises, since the projection and the list are shown before the slices. grid: of PET and labels. */
export interface CaseFiles { view: CaseView; grid: Grid; pet: Scanned<Image>; ct: Scanned<Image | null>; drawn: Drawn }

const KEPT = 3 // this case, the earlier scan, the next case: each may take half a gigabyte
const kept = new Map<string, Promise<CaseFiles>>()

/** The case and its images. What is kept is not fetched again, but for the view and what edits change. whose: reading; null: the own one, or the one that stands. */
export async function openCase(id: string, whose: string | null = null): Promise<CaseFiles> {
  const found = kept.get(id)
  if (found) {
    keep(id, found)
    const old = await found.catch(() => null)
    if (old) return refreshed(old, whose)
  }
  const fresh = fetched(id, whose)
  keep(id, fresh)
  return fresh
}

/** Fetch it before it is needed; what goes wrong is told when it is opened. */
export function fetchAhead(id: string): void {
  if (!kept.has(id)) keep(id, fetched(id, null))
}

export function forgetAll(): void {
  kept.clear()
}

/** What edits have changed since it was fetched. */
export function keepFiles(files: CaseFiles): void {
  keep(files.view.case, Promise.resolve(files))
}

function keep(id: string, files: Promise<CaseFiles>): void {
  kept.delete(id)
  kept.set(id, files)
  files.catch(() => kept.get(id) === files && kept.delete(id))
  for (const old of [...kept.keys()].slice(0, -KEPT)) kept.delete(old)
}

async function fetched(id: string, whose: string | null): Promise<CaseFiles> {
  const view = await getCase(id, whose)
  const drawn = drawnOf(view)
  const early = (what: 'pet' | 'ct') => told(getBytes(id, what, { every: '2' }).then(readNifti))
  const whole = (what: 'pet' | 'ct', after: Promise<unknown>) => told(after.then(() => getBytes(id, what)).then(readNifti))
  const none = Promise.resolve(null)
  const petEarly = early('pet')
  const ctEarly = view.has_ct ? early('ct') : none
  const first = told(Promise.allSettled([petEarly, ctEarly, drawn]))
  const pet = { early: petEarly, whole: whole('pet', first) }
  return { view, grid: gridOf(view.grid.size, view.grid.to_lps), pet, ct: { early: ctEarly, whole: view.has_ct ? whole('ct', first) : none }, drawn: await drawn }
}

/** What goes wrong is told where it is waited for. */
function told<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}

async function refreshed(old: CaseFiles, whose: string | null): Promise<CaseFiles> {
  const view = await getCase(old.view.case, whose)
  const same = view.version === old.drawn.version && view.whose === old.view.whose
  const files = { ...old, view, drawn: same ? old.drawn : await drawnOf(view, old.drawn) }
  keepFiles(files)
  return files
}

/** The labels and the projection as they are at this version of the reading. */
export async function drawnOf(view: CaseView, old?: Drawn): Promise<Drawn> {
  const { case: id } = view
  const asked = { reading: view.whose, version: String(view.version) }
  const labels = told(getBytes(id, 'labels', { ...asked, cropped: 'true' }).then(readNifti))
  const [picture, ids] = await Promise.all([old?.sprite.picture ?? getBytes(id, 'spin.png').then(bitmap), getBytes(id, 'spin_ids.png', asked).then(bitmap)])
  const names = new Map(view.lesions.map((one) => [one.label, one.id]))
  return { version: view.version, names, labels, sprite: sprite(view, picture, ids) }
}

const bitmap = (bytes: ArrayBuffer) =>
  createImageBitmap(new Blob([bytes], { type: 'image/png' }), { colorSpaceConversion: 'none', premultiplyAlpha: 'none' })

function sprite(view: CaseView, picture: ImageBitmap, ids: ImageBitmap): Sprite {
  const { width, height, columns } = view.spin
  const cut = (from: ImageBitmap, frame: number) => {
    const pen = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!
    pen.drawImage(from, (frame % columns) * width, Math.floor(frame / columns) * height, width, height, 0, 0, width, height)
    return { pen, pixels: pen.getImageData(0, 0, width, height) }
  }
  const labels = remembered((frame) => {
    const bytes = cut(ids, frame).pixels.data
    return Uint32Array.from({ length: width * height }, (_, n) => bytes[4 * n]! * 65536 + bytes[4 * n + 1]! * 256 + bytes[4 * n + 2]!)
  })
  const shown = (frame: number, suvTop: number) => {
    const { pen, pixels } = cut(picture, frame)
    const [words, greys] = [new Uint32Array(pixels.data.buffer), inverseGreys(view.spin, suvTop)]
    for (let n = 0; n < words.length; n++) words[n] = greys[words[n]! & 255]!
    pen.putImageData(pixels, 0, 0)
    return pen.canvas
  }
  return { picture, shown: lastOne(shown), labels, loops: remembered((frame) => outlines(labels(frame), width, height)) }
}

/** By the grey of a coded pixel the one in which it is drawn, 0 white, suvTop black, as the bytes of an ImageData hold it. */
function inverseGreys({ black_suv: black, gamma }: CaseView['spin'], suvTop: number): Uint32Array {
  const grey = (coded: number) => Math.round(255 * Math.max(0, 1 - (black * (1 - coded / 255) ** (1 / gamma)) / suvTop))
  return Uint32Array.from({ length: 256 }, (_, coded) => 0xff000000 + 0x010101 * grey(coded))
}

/** What was made last, for the same asked again. */
function lastOne<T>(make: (frame: number, suvTop: number) => T): typeof make {
  let made: { frame: number; suvTop: number; one: T } | null = null
  return (frame, suvTop) => {
    if (made?.frame !== frame || made.suvTop !== suvTop) made = { frame, suvTop, one: make(frame, suvTop) }
    return made.one
  }
}

function remembered<T>(make: (frame: number) => T): (frame: number) => T {
  const made = new Map<number, T>()
  return (frame) => made.get(frame) ?? made.set(frame, make(frame)).get(frame)!
}
