/* Axial, coronal and sagittal slices of one scan, drawn as flat pictures: as fast on a machine without a graphics card. All positions are LPS in mm. */

import type { Point } from './contract'
import { type Colours, DISPLAYS, type Display, ctColours, petColours } from './displays'
import { type Axis, type Image, edgesOf, voxelOf } from './nifti'

/** One of the three slices on the canvas, in device pixels, and the axis it is cut across. */
export interface Tile { axis: Axis; left: number; top: number; width: number; height: number; lps: (x: number, y: number) => Point; pixel: (lps: Point) => [number, number]; pixelsPerMm: number }
export type Arrangement = 'three' | 'axial' | 'coronal' | 'sagittal'
/** The boxes of the three slices, as shares of the canvas: left, top, width, height. */
export type Boxes = Record<'axial' | 'coronal' | 'sagittal', [number, number, number, number]>
/** What is to be seen: images (pet: of any fineness), window, place of the crosshair. field: the edges of the scan, lower and upper. */
export interface Scene { pet: Image; ct: Image | null; display: Display; suvTop: number; arrangement: Arrangement; boxes: Boxes; at: Point; zoom: number; field: [Point, Point] }
/** A slice through an image as a picture: its left upper edge and its size in the body, along the axes that lie in it. */
interface Cut { key: string; picture: OffscreenCanvas; from: [number, number]; size: [number, number] }

export const IN_SLICE = [[1, 2], [0, 2], [0, 1]] as const // the axes that lie in a slice, across and down, by the one it is cut across
const DOWN = [-1, -1, 1] as const // head and front on top; the patient's right, or front, on the left
const AXES = { axial: 2, coronal: 1, sagittal: 0 } as const
const WHOLE: [number, number, number, number] = [0, 0, 1, 1]

/** Draws the slices and says where they lie. Without a CT every display is the PET's. */
export function drawSlices(canvas: HTMLCanvasElement, scene: Scene): Tile[] {
  const [wide, high] = [canvas.clientWidth * devicePixelRatio, canvas.clientHeight * devicePixelRatio].map(Math.round) as [number, number]
  if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high })
  const pen = canvas.getContext('2d', { alpha: false })!
  pen.fillStyle = '#000'
  pen.fillRect(0, 0, wide, high)
  pen.imageSmoothingEnabled = true
  const names = scene.arrangement === 'three' ? (['axial', 'coronal', 'sagittal'] as const) : [scene.arrangement]
  return names.map((name) => {
    const [left, top, width, height] = scene.arrangement === 'three' ? scene.boxes[name] : WHOLE
    const tile = tileOf(AXES[name], [left * wide, top * high, width * wide, height * high], scene)
    drawTile(pen, tile, scene)
    return tile
  })
}

function drawTile(pen: CanvasRenderingContext2D, tile: Tile, scene: Scene): void {
  pen.save()
  pen.beginPath()
  pen.rect(tile.left, tile.top, tile.width, tile.height)
  pen.clip()
  const { ct: window, pet } = DISPLAYS[scene.ct ? scene.display : 'pet']
  if (scene.ct && window) drawCut(pen, tile, scene.ct, ctColours(window), scene.at)
  if (pet) drawCut(pen, tile, scene.pet, petColours(Boolean(window), scene.suvTop), scene.at)
  pen.restore()
}

function drawCut(pen: CanvasRenderingContext2D, tile: Tile, image: Image, colours: Colours, at: Point): void {
  const cut = cutOf(image, tile.axis, at, colours)
  if (!cut) return
  const [u, v] = IN_SLICE[tile.axis]
  const corner: Point = [...at]
  corner[u] = cut.from[0]
  corner[v] = cut.from[1]
  const [x, y] = tile.pixel(corner)
  pen.drawImage(cut.picture, x, y, cut.size[0] * tile.pixelsPerMm, cut.size[1] * tile.pixelsPerMm)
}

const cuts = new WeakMap<Image, Map<Axis, Cut>>()

/** The slice whose voxels hold the place; null beyond the image. The last one across each axis is kept. */
function cutOf(image: Image, axis: Axis, at: Point, colours: Colours): Cut | null {
  const across = image.axes[axis]
  const index = Math.round(voxelOf(image, at)[across]!)
  if (index < 0 || index >= image.size[across]!) return null
  const kept = cuts.get(image) ?? cuts.set(image, new Map()).get(image)!
  const key = `${index} ${colours.name}`
  const known = kept.get(axis)
  if (known?.key === key) return known
  const cut = { key, ...painted(image, axis, at, colours) }
  kept.set(axis, cut)
  return cut
}

/** Every pixel has the value of the voxel that holds its centre. */
function painted(image: Image, axis: Axis, at: Point, { low, high, table }: Colours): Omit<Cut, 'key'> {
  const [u, v] = IN_SLICE[axis]
  const [lower, upper] = edgesOf(image)
  const [width, height] = [image.size[image.axes[u]]!, image.size[image.axes[v]]!]
  const step: [number, number] = [(upper[u] - lower[u]) / width, (DOWN[axis] * (upper[v] - lower[v])) / height]
  const from: [number, number] = [lower[u], DOWN[axis] > 0 ? lower[v] : upper[v]]
  const placed = (x: number, y: number): Point => {
    const point: Point = [...at]
    point[u] = from[0] + (x + 0.5) * step[0]
    point[v] = from[1] + (y + 0.5) * step[1]
    return voxelOf(image, point)
  }
  const [i, j, k] = placed(0, 0)
  const along = placed(1, 0).map((one, n) => one - [i, j, k][n]!) as Point
  const down = placed(0, 1).map((one, n) => one - [i, j, k][n]!) as Point
  const pixels = new ImageData(width, height)
  const out = new Uint32Array(pixels.data.buffer)
  const [ni, nj, nk] = image.size
  const scale = (table.length - 1) / (high - low)
  for (let y = 0, n = 0; y < height; y++) {
    for (let x = 0; x < width; x++, n++) {
      const a = Math.round(i + x * along[0] + y * down[0])
      const b = Math.round(j + x * along[1] + y * down[1])
      const c = Math.round(k + x * along[2] + y * down[2])
      if (a < 0 || b < 0 || c < 0 || a >= ni || b >= nj || c >= nk) continue
      const place = (image.values[a + ni * (b + nj * c)]! - low) * scale
      out[n] = table[place > 0 ? Math.min(table.length - 1, Math.round(place)) : 0]!
    }
  }
  const picture = new OffscreenCanvas(width, height)
  picture.getContext('2d')!.putImageData(pixels, 0, 0)
  return { picture, from, size: [upper[u] - lower[u], upper[v] - lower[v]] }
}

/** The whole scan fits the box; zoomed, the crosshair stands in the middle. */
function tileOf(axis: Axis, [left, top, width, height]: [number, number, number, number], { field, at, zoom }: Scene): Tile {
  const [u, v] = IN_SLICE[axis]
  const [lower, upper] = field
  const perMm = zoom * Math.min(width / (upper[u] - lower[u]), height / (upper[v] - lower[v]))
  const middle = zoom > 1 ? at : (lower.map((one, n) => (one + upper[n]!) / 2) as Point)
  const [x0, y0] = [left + width / 2, top + height / 2]
  return {
    axis, left, top, width, height,
    pixelsPerMm: perMm,
    lps: (x, y) => {
      const point: Point = [...at]
      point[u] = middle[u] + (x - x0) / perMm
      point[v] = middle[v] + (DOWN[axis] * (y - y0)) / perMm
      return point
    },
    pixel: (lps) => [x0 + (lps[u] - middle[u]) * perMm, y0 + DOWN[axis] * (lps[v] - middle[v]) * perMm],
  }
}
