/* What is drawn above the images: outlines with their letters, crosshair, letters of orientation, spheres, calipers and the tool in the hand. */

import type { CaseFiles } from './case_files'
import type { Point } from './contract'
import type { Image } from './nifti'
import { LOOKS, REFERENCE_COLOUR, TOOL_COLOUR, strokeTwice, writeTwice } from './looks'
import { type Plane, planeOf } from './outlines'
import type { Room } from './room'
import type { Tile } from './slices'
import type { Hand } from './tools'

const EDGES = { 0: ['A', 'P', 'H', 'F'], 1: ['R', 'L', 'H', 'F'], 2: ['R', 'L', 'A', 'P'] } as const
const NAMES = { 0: 'sagittal', 1: 'coronal', 2: 'axial' } as const
const CROSS_GAP = 10
const CALIPER_REACH_MM = 6 // from its slice, within which a caliper is drawn

/** What is known of a scan for its marks. labels: null until they have come. hand: null for the earlier scan, which is only looked at. */
export interface Marked { files: CaseFiles; labels: Image | null; names: Map<number, string>; room: Room; at: Point; hand: Hand | null }

/** Everything above the slices of one scan. */
export function drawMarks(pen: CanvasRenderingContext2D, tiles: Tile[], { files, labels, names, room, at, hand }: Marked): void {
  const scale = devicePixelRatio
  pen.clearRect(0, 0, pen.canvas.width, pen.canvas.height)
  for (const tile of tiles) {
    pen.save()
    pen.beginPath()
    pen.rect(tile.left, tile.top, tile.width, tile.height)
    pen.clip()
    if (room.marks) {
      if (labels) drawRegions(pen, tile, files, labels, names, hand ? room.selected : null, at, scale)
      drawReferences(pen, tile, files, at)
      drawCalipers(pen, tile, files, at, scale)
    }
    drawCross(pen, tile, at, scale)
    if (hand) drawHand(pen, tile, room, hand, scale)
    pen.restore()
    drawLetters(pen, tile, scale)
  }
}

function drawRegions(pen: CanvasRenderingContext2D, tile: Tile, files: CaseFiles, labels: Image, names: Map<number, string>, selected: string | null, at: Point, scale: number): void {
  const plane = cachedPlane(labels, tile, at)
  if (!plane) return
  pen.font = `bold ${12 * scale}px system-ui, sans-serif`
  pen.textAlign = 'left'
  pen.textBaseline = 'bottom'
  for (const [label, loops] of plane.loops) {
    const lesion = files.view.lesions.find((one) => one.id === names.get(label))
    if (!lesion) continue
    const look = LOOKS[lesion.status]
    const path = new Path2D()
    let [right, top] = [-Infinity, Infinity]
    for (const loop of loops) {
      loop.forEach((corner, n) => {
        const [x, y] = tile.pixel(plane.lps(corner))
        if (n) path.lineTo(x, y)
        else path.moveTo(x, y)
        right = Math.max(right, x)
        top = Math.min(top, y)
      })
      path.closePath()
    }
    strokeTwice(pen, path, look.colour, look.dash.map((one) => one * scale), (lesion.id === selected ? 3 : 1.6) * scale)
    writeTwice(pen, look.letter, right + 2 * scale, top + 4 * scale, look.colour)
  }
}

const planes = new WeakMap<object, Map<string, Plane | null>>()

function cachedPlane(labels: Image, tile: Tile, at: Point): Plane | null {
  const made = planes.get(labels) ?? planes.set(labels, new Map()).get(labels)!
  const key = `${tile.axis} ${at[tile.axis].toFixed(1)}`
  if (!made.has(key)) made.set(key, planeOf(labels, tile.axis, at))
  return made.get(key)!
}

function drawReferences(pen: CanvasRenderingContext2D, tile: Tile, files: CaseFiles, at: Point): void {
  for (const one of files.view.references) {
    const away = Math.abs(one.centre_lps_mm[tile.axis] - at[tile.axis])
    if (away < one.radius_mm) circle(pen, tile, one.centre_lps_mm, Math.sqrt(one.radius_mm ** 2 - away ** 2), REFERENCE_COLOUR, one.name === 'liver' ? 'liver' : 'blood pool')
  }
}

function circle(pen: CanvasRenderingContext2D, tile: Tile, centre: Point, radiusMm: number, colour: string, name = ''): void {
  const [x, y] = tile.pixel(centre)
  const radius = radiusMm * tile.pixelsPerMm
  const path = new Path2D()
  path.arc(x, y, radius, 0, 2 * Math.PI)
  strokeTwice(pen, path, colour, [], 1.5 * devicePixelRatio)
  if (name) {
    pen.font = `${11 * devicePixelRatio}px system-ui, sans-serif`
    pen.textAlign = 'center'
    pen.textBaseline = 'top'
    writeTwice(pen, name, x, y + radius + 2, colour)
  }
}

function drawCalipers(pen: CanvasRenderingContext2D, tile: Tile, files: CaseFiles, at: Point, scale: number): void {
  for (const one of files.view.calipers) {
    for (const [name, ends, mm] of [['LDi', one.ldi_lps_mm, one.ldi_mm], ['SDi', one.sdi_lps_mm, one.sdi_mm]] as const) {
      if (ends.some((end) => Math.abs(end[tile.axis] - at[tile.axis]) > CALIPER_REACH_MM)) continue
      line(pen, tile, ends[0], ends[1], scale)
      const long = name === 'LDi'
      const [x, y] = ends.map(tile.pixel).reduce((far, end) => ((long ? end[0] > far[0] : end[1] > far[1]) ? end : far))
      pen.font = `${11 * scale}px system-ui, sans-serif`
      pen.textAlign = 'left'
      pen.textBaseline = long ? 'bottom' : 'top'
      writeTwice(pen, `${name} ${mm.toFixed(1)} mm`, x + 4 * scale, y, TOOL_COLOUR)
    }
  }
}

function line(pen: CanvasRenderingContext2D, tile: Tile, from: Point, to: Point, scale: number): void {
  const path = new Path2D()
  path.moveTo(...tile.pixel(from))
  path.lineTo(...tile.pixel(to))
  strokeTwice(pen, path, TOOL_COLOUR, [], 1.6 * scale)
}

function drawCross(pen: CanvasRenderingContext2D, tile: Tile, at: Point, scale: number): void {
  const [x, y] = tile.pixel(at)
  const gap = CROSS_GAP * scale
  const path = new Path2D()
  for (const [from, to] of [[tile.left, x - gap], [x + gap, tile.left + tile.width]] as const) {
    path.moveTo(from, y)
    path.lineTo(to, y)
  }
  for (const [from, to] of [[tile.top, y - gap], [y + gap, tile.top + tile.height]] as const) {
    path.moveTo(x, from)
    path.lineTo(x, to)
  }
  pen.lineWidth = scale
  pen.strokeStyle = 'rgba(70, 150, 110, 0.75)'
  pen.stroke(path)
}

function drawHand(pen: CanvasRenderingContext2D, tile: Tile, room: Room, hand: Hand, scale: number): void {
  const { tool } = room
  if (tool === 'brush' || tool === 'erase') {
    hand.path.forEach((one) => circle(pen, tile, one, room.brushMm, TOOL_COLOUR))
    if (hand.above?.axis === tile.axis) circle(pen, tile, hand.above.lps, room.brushMm, TOOL_COLOUR)
  }
  const [from, to] = hand.path
  if (tool === 'sphere' && from) circle(pen, tile, from, to ? Math.hypot(...from.map((one, n) => one - to[n]!)) : room.sphereMm, TOOL_COLOUR)
  if (tool === 'reference' && hand.pressed) circle(pen, tile, to ?? from!, room.view?.references.find((one) => one.name === hand.which)?.radius_mm ?? 10, TOOL_COLOUR, hand.which)
  if (tool === 'caliper' && from && to && hand.pressed) line(pen, tile, from, to, scale)
  hand.points.forEach((one, n) => {
    circle(pen, tile, one, 3 / tile.pixelsPerMm * scale, TOOL_COLOUR)
    const [x, y] = tile.pixel(one)
    pen.font = `bold ${12 * scale}px system-ui, sans-serif`
    writeTwice(pen, String(n + 1), x + 6 * scale, y - 4 * scale, TOOL_COLOUR)
  })
}

function drawLetters(pen: CanvasRenderingContext2D, tile: Tile, scale: number): void {
  const [left, right, top, bottom] = EDGES[tile.axis]
  const { left: x, top: y, width, height } = tile
  pen.font = `bold ${12 * scale}px system-ui, sans-serif`
  pen.textBaseline = 'middle'
  const colour = '#9fe3ff'
  pen.textAlign = 'left'
  writeTwice(pen, left, x + 4 * scale, y + height / 2, colour)
  pen.font = `${11 * scale}px system-ui, sans-serif`
  writeTwice(pen, NAMES[tile.axis], x + 4 * scale, y + 10 * scale, '#c8d2dc')
  pen.font = `bold ${12 * scale}px system-ui, sans-serif`
  pen.textAlign = 'right'
  writeTwice(pen, right, x + width - 4 * scale, y + height / 2, colour)
  pen.textAlign = 'center'
  writeTwice(pen, top, x + width / 2, y + 10 * scale, colour)
  writeTwice(pen, bottom, x + width / 2, y + height - 10 * scale, colour)
}
