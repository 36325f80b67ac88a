/* The only place that speaks with the server: every refusal becomes a Problem that says what to do. */

import type { CaseView, Conflict, Edit, Edited, History, Me, Notice, Queue } from './contract'

/** offline: the server did not answer, or failed: nothing is known of whether it took the edit. login: the session is over. key: this browser has to
 * come with the address that carpet review has printed. refused: it will not be taken, however often it is sent. */
export type ProblemKind = 'offline' | 'login' | 'key' | 'conflict' | 'refused'
const KINDS: Record<string, ProblemKind> = { REVIEW_SESSION_OVER: 'login', REVIEW_FORM_TOKEN_WRONG: 'login', REVIEW_KEY_NEEDED: 'key' }

/** Why something could not be done. */
export class Problem extends Error {
  constructor(readonly kind: ProblemKind, readonly notices: Notice[], readonly conflict: Conflict | null = null) {
    super(notices.map((one) => one.message).join('; ') || kind)
  }
}

const PATIENCE_MS = 60_000
let known: Me | null = null

/** Nothing is done in the name of whoever has logged in meanwhile. */
const OTHERS_SESSION: Notice = {
  code: 'PAGE_OF_ANOTHER_SESSION', message: 'another window of this browser has gone on as another person, or with another trial', where: '', found: '', allowed: '',
  remedy: 'log in there as before, or load this page again',
}

export function caseUrl(id: string): string {
  return 'api/cases/' + id.split('/').map(encodeURIComponent).join('/')
}

export async function getMe(): Promise<Me> {
  known = await ask<Me>('GET', 'api/me')
  return known
}

export async function logIn(name: string, password: string): Promise<Me> {
  await ask('POST', 'api/login', { name, password })
  return getMe()
}

export const logOut = () => ask<unknown>('POST', 'api/logout', {})
export const getQueue = () => ask<Queue>('GET', 'api/queue')
export const getCase = (id: string, whose: string | null) => ask<CaseView>('GET', caseUrl(id) + query({ reading: whose }))
export const getHistory = (id: string) => ask<History>('GET', caseUrl(id) + '/history')
export const postEdit = (id: string, version: number, edit: Edit, reason = '') => ask<Edited>('POST', caseUrl(id) + '/edits', { ...edit, reason }, version)
export const postSign = (id: string, version: number, password: string) => ask<unknown>('POST', caseUrl(id) + '/sign', { password }, version)
export const postUnlock = (id: string, version: number, reason: string, whose: string | null) =>
  ask<unknown>('POST', caseUrl(id) + '/unlock', { reason, whose }, version)
export const postStartAgain = (id: string, version: number, reason: string) => ask<unknown>('POST', caseUrl(id) + '/start-again', { reason }, version)
/** Who reads a case that nobody reads yet; such a case has the version 1. */
export const postAssign = (id: string, readers: string[], adjudicator: string | null) =>
  ask<unknown>('POST', caseUrl(id) + '/assign', { readers, adjudicator }, 1)
export const postChoice = (id: string, version: number, choice: string, password: string) =>
  ask<unknown>('POST', caseUrl(id) + '/adjudicate', { choice, password }, version)

/** The bytes of an image of the case: pet, ct, labels (NIfTI, gzip), spin.png, spin_ids.png. asked: whose reading, and its version, for what edits change. */
export async function getBytes(id: string, what: string, asked: { reading?: string | null; version?: string; every?: string; cropped?: string } = {}): Promise<ArrayBuffer> {
  const answer = await reach(`${caseUrl(id)}/${what}${query(asked)}`, { credentials: 'same-origin' })
  if (!answer.ok) throw await problemOf(answer)
  return answer.arrayBuffer()
}

/** Whether there is an answer; else a Problem says why. */
export async function check(address: string): Promise<void> {
  const answer = await reach(address, { credentials: 'same-origin', cache: 'no-store' })
  if (!answer.ok) throw await problemOf(answer)
}

function query(asked: Record<string, string | null | undefined>): string {
  const given = Object.entries(asked).filter((one): one is [string, string] => Boolean(one[1]))
  return given.length ? '?' + new URLSearchParams(given).toString() : ''
}

/** A server that was started anew knows neither session nor form token: if the browser has a session of the same person by now, it is asked once more. */
async function ask<T>(method: 'GET' | 'POST', path: string, body?: unknown, version?: number): Promise<T> {
  try {
    return await askOnce<T>(method, path, body, version)
  } catch (error) {
    if (!(error instanceof Problem) || error.kind !== 'login' || method === 'GET') throw error
    const now = await askOnce<Me>('GET', 'api/me')
    if (now.name !== known?.name || now.trial !== known.trial) throw new Problem('key', [OTHERS_SESSION])
    known = now
    return askOnce<T>(method, path, body, version)
  }
}

async function askOnce<T>(method: 'GET' | 'POST', path: string, body?: unknown, version?: number): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (method === 'POST') {
    headers['Content-Type'] = 'application/json'
    headers['X-CSRF-Token'] = known?.form_token ?? ''
  }
  if (version !== undefined) headers['If-Match'] = `"${version}"`
  const sent = { method, headers, credentials: 'same-origin', cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MS) } satisfies RequestInit
  const answer = await reach(path, body === undefined ? sent : { ...sent, body: JSON.stringify(body) })
  if (!answer.ok) throw await problemOf(answer)
  return (answer.status === 204 ? undefined : await answer.json()) as T
}

async function reach(path: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(path, request)
  } catch {
    throw new Problem('offline', [])
  }
}

async function problemOf(answer: Response): Promise<Problem> {
  const said = (await answer.json().catch(() => ({}))) as { notices?: Notice[] } & Partial<Conflict>
  const notices = said.notices ?? [plainNotice(answer)]
  if (answer.status === 409 && said.version !== undefined) {
    return new Problem('conflict', notices, { version: said.version, since: said.since ?? [] })
  }
  return new Problem(KINDS[notices[0]?.code ?? ''] ?? (answer.status >= 500 ? 'offline' : 'refused'), notices)
}

function plainNotice(answer: Response): Notice {
  const message = answer.status >= 500 ? 'the server failed at this' : 'the server does not take this'
  const remedy = 'load the page again; if it happens again, tell whoever runs carpet review: its log says why'
  return { code: `HTTP_${answer.status}`, message, where: '', found: '', allowed: '', remedy }
}
