/* Reads a NIfTI-1 image (gzip) as numpy wrote it: sizes, voxel-to-patient matrix, values. Positions leave this file as LPS. */

import type { Point } from './contract'

export type Axis = 0 | 1 | 2
/** How voxels (i, j, k) lie in the body. toLps: rows of the matrix to LPS mm; axes: the voxel axis that runs along left, back and head. */
export interface Grid { size: [number, number, number]; toLps: number[][]; axes: [Axis, Axis, Axis] }
/** values: i fastest, then j, then k. */
export interface Image extends Grid { values: Numbers }
type Numbers = Uint8Array | Int16Array | Uint16Array | Int32Array | Float32Array | Float64Array
type Maker = new (bytes: ArrayBuffer, at: number, count: number) => Numbers

const TYPES: Record<number, Maker> = { 2: Uint8Array, 4: Int16Array, 512: Uint16Array, 8: Int32Array, 16: Float32Array, 64: Float64Array }
const SFORM_ROWS = [280, 296, 312] as const
const RAS = [-1, -1, 1] as const
const GZIP_HEAD = 10 // bytes of a gzip header that names no file
const BLOCK_HEAD = 5

export async function readNifti(packed: ArrayBuffer): Promise<Image> {
  const plain = await unpacked(packed)
  const head = new DataView(plain)
  if (plain.byteLength < 352 || head.getInt32(0, true) !== 348) throw new Error('this is no NIfTI-1 image')
  const size: [number, number, number] = [head.getInt16(42, true), head.getInt16(44, true), head.getInt16(46, true)]
  const make = TYPES[head.getInt16(70, true)]
  if (!make || head.getInt16(254, true) <= 0) throw new Error('the image has a type of numbers that is not read here, or no sform')
  const toLps = SFORM_ROWS.map((at, row) => [0, 4, 8, 12].map((step) => RAS[row]! * head.getFloat32(at + step, true)))
  return { ...gridOf(size, toLps), values: new make(plain, head.getFloat32(108, true), size[0] * size[1] * size[2]) }
}

export function gridOf(size: [number, number, number], toLps: number[][]): Grid {
  const along = (axis: Axis) => ([0, 1, 2] as const).reduce((best, n) => (Math.abs(toLps[axis]![n]!) > Math.abs(toLps[axis]![best]!) ? n : best), 0 as Axis)
  return { size, toLps, axes: [along(0), along(1), along(2)] }
}

async function unpacked(bytes: ArrayBuffer): Promise<ArrayBuffer> {
  const magic = new Uint8Array(bytes, 0, Math.min(2, bytes.byteLength))
  if (magic[0] !== 0x1f || magic[1] !== 0x8b) return bytes
  return stored(bytes) ?? new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer()
}

/** What is only stored in a gzip, not packed, copied out of it, which takes a tenth of the time; null for anything else. */
function stored(bytes: ArrayBuffer): ArrayBuffer | null {
  const head = new DataView(bytes)
  const whole = head.getUint32(bytes.byteLength - 4, true)
  if (head.getUint8(3) !== 0 || whole > bytes.byteLength) return null
  const plain = new Uint8Array(whole)
  for (let at = GZIP_HEAD, to = 0, last = false; !last; ) {
    const kind = head.getUint8(at)
    const length = head.getUint16(at + 1, true)
    if (kind > 1 || (length ^ head.getUint16(at + 3, true)) !== 0xffff || to + length > whole) return null
    plain.set(new Uint8Array(bytes, at + BLOCK_HEAD, length), to)
    at += BLOCK_HEAD + length
    to += length
    last = kind === 1
    if (last && to !== whole) return null
  }
  return plain.buffer
}

export function lpsOf({ toLps }: Grid, voxel: Point): Point {
  return toLps.map((row) => row[0]! * voxel[0] + row[1]! * voxel[1] + row[2]! * voxel[2] + row[3]!) as Point
}

/** The voxel coordinates (i, j, k; not rounded) of a point. */
export function voxelOf({ toLps: m }: Grid, lps: Point): Point {
  const d: Point = [lps[0] - m[0]![3]!, lps[1] - m[1]![3]!, lps[2] - m[2]![3]!]
  const column = (n: number): Point => [m[0]![n]!, m[1]![n]!, m[2]![n]!]
  const [a, b, c] = [column(0), column(1), column(2)]
  const whole = dot(a, cross(b, c))
  return [dot(d, cross(b, c)) / whole, dot(a, cross(d, c)) / whole, dot(a, cross(b, d)) / whole]
}

/** The value of the voxel that holds the point; null outside the image. */
export function valueAt(image: Image, lps: Point): number | null {
  const [i, j, k] = voxelOf(image, lps).map(Math.round) as Point
  const [ni, nj, nk] = image.size
  if (i < 0 || j < 0 || k < 0 || i >= ni || j >= nj || k >= nk) return null
  return image.values[i + ni * (j + nj * k)] ?? null
}

/** The outer edges of the image in the body: lower and upper. */
export function edgesOf(grid: Grid): [Point, Point] {
  const ends = grid.size.map((n) => [-0.5, n - 0.5] as const)
  const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => lpsOf(grid, [ends[0]![n & 1]!, ends[1]![(n >> 1) & 1]!, ends[2]![n >> 2]!]))
  const of = (choose: (...all: number[]) => number) => [0, 1, 2].map((axis) => choose(...corners.map((one) => one[axis]!))) as Point
  return [of(Math.min), of(Math.max)]
}

const dot = (a: Point, b: Point) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
const cross = (a: Point, b: Point): Point => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
