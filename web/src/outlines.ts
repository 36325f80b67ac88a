/* The edges of regions: in one plane of the label image, and in one frame of the rotating projection. */

import type { Point } from './contract'
import { type Axis, type Image, lpsOf, voxelOf } from './nifti'

/** A closed line of corners, [x, y] in pixels of the plane; pixel (0, 0) reaches from 0 to 1. */
export type Loop = [number, number][]

/** The outlines of every label in a plane of width × height pixels. */
export function outlines(labels: ArrayLike<number>, width: number, height: number): Map<number, Loop[]> {
  const next = new Map<number, Map<number, number[]>>()
  const corner = (x: number, y: number) => y * (width + 1) + x
  const at = (x: number, y: number) => (x < 0 || y < 0 || x >= width || y >= height ? 0 : labels[y * width + x]!)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const label = labels[y * width + x]!
      if (!label) continue
      const edge = (from: number, to: number) => {
        const ways = next.get(label) ?? next.set(label, new Map()).get(label)!
        const ends = ways.get(from)
        if (ends) ends.push(to)
        else ways.set(from, [to])
      }
      if (at(x, y - 1) !== label) edge(corner(x, y), corner(x + 1, y))
      if (at(x + 1, y) !== label) edge(corner(x + 1, y), corner(x + 1, y + 1))
      if (at(x, y + 1) !== label) edge(corner(x + 1, y + 1), corner(x, y + 1))
      if (at(x - 1, y) !== label) edge(corner(x, y + 1), corner(x, y))
    }
  }
  return new Map([...next].map(([label, ways]) => [label, loops(ways, width + 1)]))
}

function loops(ways: Map<number, number[]>, stride: number): Loop[] {
  const found: Loop[] = []
  for (const start of ways.keys()) {
    while (ways.get(start)?.length) {
      const loop: Loop = []
      let here: number | undefined = start
      while (here !== undefined) {
        loop.push([here % stride, Math.floor(here / stride)])
        here = ways.get(here)?.pop()
        if (here === start) break
      }
      found.push(loop)
    }
  }
  return found
}

/** One plane of a label image: its outlines, and where a corner of them lies in the body. */
export interface Plane { loops: Map<number, Loop[]>; lps: (corner: [number, number]) => Point }

/** The plane across the patient's axis (0 left–right, 1 back–front, 2 head–feet) through a point; null outside the image. */
export function planeOf(image: Image, axis: Axis, through: Point): Plane | null {
  const fixed = image.axes[axis]
  const [u, v] = [0, 1, 2].filter((n) => n !== fixed) as [number, number]
  const index = Math.round(voxelOf(image, through)[fixed]!)
  if (index < 0 || index >= image.size[fixed]!) return null
  const step = [1, image.size[0], image.size[0] * image.size[1]]
  const [width, height] = [image.size[u]!, image.size[v]!]
  const labels = new Uint16Array(width * height)
  for (let y = 0; y < height; y++) {
    const row = index * step[fixed]! + y * step[v]!
    for (let x = 0; x < width; x++) labels[y * width + x] = image.values[row + x * step[u]!]!
  }
  const lps = ([x, y]: [number, number]) => {
    const voxel: Point = [0, 0, 0]
    voxel[fixed] = index
    voxel[u] = x - 0.5
    voxel[v] = y - 0.5
    return lpsOf(image, voxel)
  }
  return { loops: outlines(labels, width, height), lps }
}
