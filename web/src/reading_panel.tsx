/* Beside the pictures: the regions, the numbers, the reading (Deauville, new lesions, calipers, comments), its response and its history. */

import { useEffect, useState } from 'preact/hooks'
import type { Act, CaseView, Edit, Kind, Lesion, Response } from './contract'
import { LOOKS } from './looks'
import { LesionsOnCt, NextCaliper } from './on_ct'
import type { Room } from './room'
import { caseUrl } from './server'

const TABS = ['Regions', 'Reading', 'History'] as const
const KINDS: Kind[] = ['nodal', 'extranodal', 'spleen', 'marrow']
const SCORES = ['1', '2', '3', '4', '5', 'X']
const REFERENCE_NAMES = { liver: 'liver', blood_pool: 'blood pool' }
/** UCUM writes counts as 1 or in braces. */
const unitOf = (unit: string) => (unit === '1' || unit.startsWith('{') ? '' : unit)
/** Numbers are the server's; here they only lose digits. */
const shown = (value: number | null | undefined, digits = 1) => (value == null ? '–' : value.toFixed(digits))

export function ReadingPanel({ room, view }: { room: Room; view: CaseView }) {
  const [tab, setTab] = useState<(typeof TABS)[number]>('Regions')
  const along = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (!step) return
    event.preventDefault()
    event.stopPropagation()
    const name = TABS[(TABS.indexOf(tab) + step + TABS.length) % TABS.length]!
    setTab(name)
    document.getElementById(`tab-${name}`)!.focus()
  }
  return (
    <aside class="panel" aria-label="Reading">
      {view.readings.length > 1 && <WhichReading room={room} view={view} />}
      <Numbers room={room} view={view} />
      {room.tool === 'caliper' && <NextCaliper room={room} view={view} />}
      {room.mayEdit && <Reason room={room} />}
      <div class="tabs" role="tablist" aria-label="Parts of the reading" onKeyDown={along}>
        {TABS.map((name) => (
          <button key={name} id={`tab-${name}`} role="tab" aria-selected={name === tab} aria-controls="tab-panel" tabIndex={name === tab ? 0 : -1} onClick={() => setTab(name)}>
            {name}
          </button>
        ))}
      </div>
      <div id="tab-panel" class="tabpanel" role="tabpanel" aria-labelledby={`tab-${tab}`} tabIndex={0}>
        {tab === 'Regions' && <Regions room={room} view={view} />}
        {tab === 'Reading' && <Findings room={room} view={view} />}
        {tab === 'History' && <Past room={room} view={view} />}
      </div>
    </aside>
  )
}

/** Why the next change is made, where the reader wants that kept. */
function Reason({ room }: { room: Room }) {
  const back = (event: KeyboardEvent) => ['Enter', 'Escape'].includes(event.key) && (event.currentTarget as HTMLElement).blur()
  return <label class="reason">Why <input id="reason" value={room.reason} maxLength={2000} placeholder="kept with your next change; no names" onKeyDown={back} onInput={(event) => room.set({ reason: event.currentTarget.value })} /></label>
}

/** Where more than one reading may be seen: after both have signed, or by the adjudicator. */
function WhichReading({ room, view }: { room: Room; view: CaseView }) {
  return (
    <label class="which">Reading of <select value={view.whose} onChange={(event) => void room.show(event.currentTarget.value || null)}>
      {!view.stands && !view.readings.some((one) => one.who === room.me?.name) && <option value="">nobody: the machine's result</option>}
      {view.readings.map((one) => <option key={one.who} value={one.who}>{one.who}{one.who === room.me?.name && ' (you)'}{one.who === view.stands && ', stands'}</option>)}
    </select></label>
  )
}

const LED = ['tmtv', 'tlg', 'suv_max', 'lesion_count', 'extranodal_sites']
const TITLES: Record<string, string> = { tmtv: 'TMTV', tlg: 'TLG', suv_max: 'SUVmax', lesion_count: 'Lesions', extranodal_sites: 'Extranodal sites' }

function Numbers({ room, view }: { room: Room; view: CaseView }) {
  const led = LED.flatMap((name) => view.biomarkers.filter((one) => one.name === name))
  return (
    <div class="numbers" aria-busy={room.busy} data-version={view.version}>
      <Standing view={view} />
      <dl>
        {led.map((one) => (
          <div key={one.name} data-biomarker={one.name} data-value={one.value ?? ''}>
            <dt>{TITLES[one.name] ?? one.name}</dt>
            <dd>{one.value === null ? <span class="missing">missing: {one.because_missing}</span> : <>{shown(one.value, Number.isInteger(one.value) ? 0 : 1)} <small>{unitOf(one.unit)}</small></>}</dd>
          </div>
        ))}
      </dl>
      <ol class="steps" aria-label="Steps of the benchmark workflow">
        {view.steps.map((one) => (
          <li key={one.name} title={one.says}><span>{one.name}</span> <b>{shown(one.volume_ml)} <small>mL</small></b> <small>{one.clicks} {one.clicks === 1 ? 'click' : 'clicks'}</small></li>
        ))}
      </ol>
      {view.response.slice(0, 1).map((one) => <Answer key={one.criterion} response={one} />)}
      {view.response.length > 1 && (
        <details><summary>By other criteria: {view.response.slice(1).map((one) => `${nameOf(one.criterion)} ${one.category}`).join(', ')}</summary>
          {view.response.slice(1).map((one) => <Answer key={one.criterion} response={one} />)}</details>
      )}
    </div>
  )
}

/** Whether these numbers are anybody's: until a reading is signed they are not, and what is undecided is not in them. */
function Standing({ view }: { view: CaseView }) {
  const open = view.lesions.filter((one) => one.status === 'undecided').length
  const reading = view.readings.find((one) => one.who === view.whose)
  return (
    <p class="standing-of">
      {reading?.signed ? <b class="signed">✓ SIGNED by {view.whose}</b> : <b class="unreviewed" title="what the machine suggests, with the edits so far; nobody has signed it">UNREVIEWED</b>}
      {open > 0 && <b class="open" title="not in these numbers; decide them before you sign">? {open} UNDECIDED</b>}
      {view.stands && view.stands !== view.whose && <b class="open">not in the tables: the reading of {view.stands} stands</b>}
      {reading?.not_blind.map((words) => <b key={words} class="open">not blind: changed {words}</b>)}
    </p>
  )
}

const CRITERIA: Record<string, string> = { lugano: 'Lugano', lugano_pet: 'Lugano PET', lugano_ct: 'Lugano CT', deauville: 'Deauville', lyric: 'LYRIC', percist: 'PERCIST', qpet: 'qPET', delta_suv_max: 'ΔSUVmax', recil: 'RECIL', cheson2007: 'Cheson 2007' }
export const nameOf = (criterion: string) => CRITERIA[criterion.split('@')[0]!] ?? criterion
/** What no reader has said is said by the numbers. */
export const byNumbers = (response: Response) => (response.by === 'carpet' ? <small>(by the numbers{response.provisional && ', before carpet run has followed the changed regions'})</small> : null)

function Answer({ response }: { response: Response }) {
  const { criterion, by, category, rule, because } = response
  return <p class="response" data-criterion={criterion} data-by={by}><span title={criterion}>{nameOf(criterion)}</span> <b>{category}</b> {byNumbers(response)} <small>{rule}: {because}</small></p>
}

function Regions({ room, view }: { room: Room; view: CaseView }) {
  const selected = view.lesions.find((one) => one.id === room.selected)
  if (!view.lesions.length) return <p>No region was found in this scan. Take the tool Add (A) and click uptake that is disease, or sign that there is none.</p>
  return (
    <>
      <table class="regions">
        <caption class="heard">Regions; the selected one is described below</caption>
        <thead><tr><th scope="col">Is</th><th scope="col">Region</th><th scope="col">Site</th><th scope="col">mL</th><th scope="col">SUVmax <small>g/mL</small></th></tr></thead>
        <tbody>
          {view.lesions.map((one) => (
            <tr key={one.id} class={one.id === room.selected ? 'chosen' : ''} data-lesion={one.id} data-status={one.status} onClick={() => room.select(one.id)}>
              <td><StatusButton room={room} lesion={one} /></td>
              <th scope="row"><button class="plain" aria-pressed={one.id === room.selected} onClick={() => room.select(one.id)}>{one.id}</button></th>
              <td>{one.site || <span class="missing">no site</span>}</td>
              <td class="number">{shown(one.volume_ml)}</td>
              <td class="number">{shown(one.suv_max)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {selected && <Selected key={selected.id} room={room} view={view} lesion={selected} />}
    </>
  )
}

function StatusButton({ room, lesion }: { room: Room; lesion: Lesion }) {
  const look = LOOKS[lesion.status]
  const press = (event: MouseEvent) => {
    event.stopPropagation()
    room.select(lesion.id)
    room.toggle(lesion.id)
  }
  return <button class={`status ${lesion.status}`} disabled={!room.mayEdit} onClick={press} aria-label={`${lesion.id} is ${look.word}; change`} title={`${look.word}: ${lesion.because}`}>{look.letter}</button>
}

function Selected({ room, view, lesion }: { room: Room; view: CaseView; lesion: Lesion }) {
  const say = (name: string, kind: Kind | null) => room.edit({ kind: 'site', lesion: lesion.id, site: name, counts_as: kind })
  const newOnes = view.new_lesions.lesions
  const isNew = newOnes.includes(lesion.id)
  const callNew = () => {
    const lesions = isNew ? newOnes.filter((one) => one !== lesion.id) : [...newOnes, lesion.id]
    room.edit({ kind: 'new_lesions', present: lesions.length > 0, lesions })
  }
  return (
    <section class="selected" aria-label={`Region ${lesion.id}`}>
      <h3>{lesion.id}: {LOOKS[lesion.status].word}</h3>
      <p class="because">{lesion.decided_by}: {lesion.because}</p>
      <div class="row" role="group" aria-label="What it is">
        {(['disease', 'physiologic', 'undecided'] as const).map((status) => (
          <button key={status} class={`choice ${status}`} aria-pressed={lesion.status === status} disabled={!room.mayEdit} onClick={() => room.setStatus(lesion.id, status)}>
            <b>{LOOKS[status].letter}</b> {LOOKS[status].word}
          </button>
        ))}
      </div>
      <div class="row">
        <Site key={`${lesion.site} ${room.refused}`} site={lesion.site} disabled={!room.mayEdit} say={(site) => say(site, null)} />
        <label>Counts as <select value={lesion.kind ?? ''} disabled={!room.mayEdit || !lesion.site} onChange={(event) => say(lesion.site, (event.currentTarget.value || null) as Kind | null)}>
          <option value="">as the site</option>{KINDS.map((one) => <option key={one}>{one}</option>)}
        </select></label>
        <datalist id="sites">{view.sites.map((one) => <option key={one.name} value={one.name}>{one.kind}</option>)}</datalist>
      </div>
      {lesion.suggested_site && lesion.suggested_site !== lesion.site && (
        <p>Suggested: {lesion.suggested_site} {lesion.suggested_kind ? `(${lesion.suggested_kind})` : ''} <button disabled={!room.mayEdit} onClick={() => say(lesion.suggested_site, lesion.suggested_kind)}>take it</button></p>
      )}
      <dl class="facts">
        <div><dt>SUVmean</dt><dd>{shown(lesion.suv_mean, 2)} g/mL</dd></div>
        <div><dt>SUVpeak</dt><dd>{lesion.suv_peak == null ? 'missing' : `${shown(lesion.suv_peak, 2)} g/mL`}</dd></div>
        <div><dt>TLG</dt><dd>{shown(lesion.tlg_g)} g</dd></div>
        <div><dt>LDi</dt><dd>{lesion.ldi_mm == null ? 'not measured' : `${shown(lesion.ldi_mm)} mm`}</dd></div>
        <div><dt>SDi</dt><dd>{lesion.sdi_mm == null ? 'not measured' : `${shown(lesion.sdi_mm)} mm`}</dd></div>
      </dl>
      {view.baseline && <label class="check"><input type="checkbox" checked={isNew} disabled={!room.mayEdit} onChange={callNew} /> a new lesion consistent with lymphoma</label>}
    </section>
  )
}

/** Begun anew whenever the reading says another site, or has not taken this one. */
function Site({ site, disabled, say }: { site: string; disabled: boolean; say: (site: string) => void }) {
  const [text, setText] = useState(site)
  return <label class="grow">Site <input list="sites" value={text} disabled={disabled} maxLength={100} onInput={(event) => setText(event.currentTarget.value)} onChange={() => (text.trim() ? say(text.trim()) : setText(site))} /></label>
}

function Findings({ room, view }: { room: Room; view: CaseView }) {
  const text = room.drafts[view.case] ?? ''
  const write = (said: string) => room.set({ drafts: { ...room.drafts, [view.case]: said } })
  const comment = (event: Event) => {
    event.preventDefault()
    if (!text.trim()) return
    room.edit({ kind: 'comment', text: text.trim() })
    write('')
  }
  const { deauville, new_lesions: news } = view
  const absent = Object.entries(REFERENCE_NAMES).flatMap(([name, words]) => (view.references.some((one) => one.name === name) ? [] : [words]))
  return (
    <>
      <h3>Deauville</h3>
      <div class="row" role="radiogroup" aria-label="Deauville score">
        {SCORES.map((score) => (
          <button key={score} role="radio" class="choice score" aria-checked={deauville.score === score} disabled={!room.mayEdit} onClick={() => room.edit({ kind: 'deauville', score })}>{score}</button>
        ))}
      </div>
      <p>{deauville.suggested ? <>Suggested {deauville.suggested}: {deauville.because}</> : deauville.because}</p>
      <table class="references">
        <caption>Reference regions <small>(tool R moves them)</small></caption>
        <thead><tr><th scope="col">Region</th><th scope="col">SUVmean <small>g/mL</small></th><th scope="col">SUVmax <small>g/mL</small></th><th /></tr></thead>
        <tbody>
          {view.references.map((one) => (
            <tr key={one.name}><th scope="row">{REFERENCE_NAMES[one.name]}{one.moved ? ' (moved)' : ''}</th><td class="number">{shown(one.suv_mean, 2)}</td><td class="number">{shown(one.suv_max, 2)}</td>
              <td><button onClick={() => room.goTo(one.centre_lps_mm)}>show</button></td></tr>
          ))}
        </tbody>
      </table>
      {absent.length > 0 && <p>Not found: {absent.join(', ')}. Click with the tool R where it is.</p>}
      {view.baseline && (
        <>
          <h3>New lesions</h3>
          <div class="row" role="radiogroup" aria-label="New lesions">
            <button role="radio" class="choice" aria-checked={news.present === false} disabled={!room.mayEdit} onClick={() => room.edit({ kind: 'new_lesions', present: false, lesions: [] })}>none</button>
            <button role="radio" class="choice" aria-checked={news.present === true} disabled={!room.mayEdit} onClick={() => room.edit({ kind: 'new_lesions', present: true, lesions: room.selected ? [room.selected] : [] })}>
              yes{room.selected && !news.present ? `: ${room.selected}` : ''}
            </button>
            <span>{news.lesions.join(', ')}</span>
          </div>
        </>
      )}
      <LesionsOnCt room={room} view={view} />
      <h3>Comments</h3>
      <ul class="comments">{view.comments.map((one) => <li key={one.number}>{one.text} {room.mayEdit && <button class="small" onClick={() => room.edit({ kind: 'remove_edit', edit: one.number })} aria-label={`take comment ${one.number} back`}>take back</button>}</li>)}</ul>
      <form onSubmit={comment}>
        <label class="stacked">New comment <small>(no names of patients)</small><textarea value={text} maxLength={2000} disabled={!room.mayEdit} onInput={(event) => write(event.currentTarget.value)} /></label>
        <button disabled={!room.mayEdit || !text.trim()}>Add the comment</button>
      </form>
      <h3>The scan</h3>
      <dl class="facts">{view.scan.map((one) => <div key={one.name}><dt>{one.name}</dt><dd>{one.value}</dd></div>)}</dl>
    </>
  )
}

function Past({ room, view }: { room: Room; view: CaseView }) {
  const acts = [...(room.history?.acts ?? [])].reverse()
  useEffect(() => {
    if (!room.history) void room.readHistory()
  }, [room.history, view.case])
  const take = (event: MouseEvent) => {
    event.preventDefault()
    void room.download((event.currentTarget as HTMLAnchorElement).href)
  }
  return (
    <>
      <h3>Edits that hold</h3>
      {view.standing.length ? (
        <ol class="standing" reversed>
          {[...view.standing].reverse().map((one) => (
            <li key={one.number} value={one.number}>{inWords(one.edit)} {room.mayEdit && <button class="small" onClick={() => room.edit({ kind: 'remove_edit', edit: one.number })} aria-label={`take edit ${one.number} back`}>take back</button>}</li>
          ))}
        </ol>
      ) : <p>None: the reading says what the machine found.</p>}
      <h3>Everything that was done</h3>
      {room.history ? (
        <ol class="acts">
          {acts.map((one) => (
            <li key={`${one.who} ${one.number}`}>{actInWords(one)}{one.reason && <>, because <q>{one.reason}</q></>}
              <small>{one.who} ({one.role}), <time dateTime={one.at}>{moment(one.at)}</time></small></li>
          ))}
        </ol>
      ) : <p>loading…</p>}
      <p><a href={caseUrl(view.case) + '/decisions.csv'} onClick={take}>The decisions as a table</a>, or <a href={caseUrl(view.case) + '/reading.json'} onClick={take}>the whole reading</a>, for <code>carpet measure --decisions</code></p>
    </>
  )
}

/** An act of the history as a person would say it; what was there before, where it was something else. */
export function actInWords(act: Act): string {
  const [old, now] = [editIn(act.old), editIn(act.new)]
  const { choice } = JSON.parse(act.new || '{}') as { choice?: string }
  if (choice) return `the reading of ${choice} was chosen to stand`
  if (!now) return ACTS[act.what] ?? act.what
  return inWords(now) + (old ? ` (before: ${inWords(old)})` : '')
}

function editIn(text: string): Edit | null {
  try {
    const said = JSON.parse(text || 'null') as Edit | null
    return said?.kind ? said : null
  } catch {
    return null
  }
}

const ACTS: Record<string, string> = {
  planned: 'the scan became a case', assigned: 'readers were named', opened: 'the reading was opened', signed: 'the reading was signed',
  compared: 'the signed readings were compared', unlocked: 'the reading was unlocked',
  started_again: 'the reading was started again; what stood before stands no longer', replanned: 'the case follows its scan and the protocol', left_out: 'whether the scan can be read has changed: in the trial, and for a time point',
}
/** In the reader's own time zone, which is named. */
export const moment = (at: string) => new Date(at).toLocaleString('sv-SE', { dateStyle: 'short', timeStyle: 'long' })

/** An edit as a person would say it. */
export function inWords(edit: Edit | 'undo'): string {
  if (edit === 'undo') return 'the last edit is taken back'
  switch (edit.kind) {
    case 'status': return `${edit.lesion} is ${edit.status}`
    case 'site': return `${edit.lesion} lies in: ${edit.site}${edit.counts_as ? ` (${edit.counts_as})` : ''}`
    case 'add': return 'a region was added at a point'
    case 'brush': return edit.erase ? `part of ${edit.lesion} was erased` : edit.lesion ? `${edit.lesion} was painted larger` : 'a region was painted'
    case 'split': return `${edit.lesion} was split in ${edit.seeds_lps_mm.length}`
    case 'merge': return `${edit.lesions.join(', ')} are one`
    case 'sphere_threshold': return `what is above SUV ${edit.suv} in a sphere of ${edit.radius_mm.toFixed(0)} mm is a region`
    case 'remove_edit': return `edit ${edit.edit} was taken back`
    case 'deauville': return `Deauville ${edit.score}`
    case 'new_lesions': return edit.present ? `new lesions: ${edit.lesions.join(', ') || 'yes'}` : 'no new lesion'
    case 'caliper': return `diameters of ${edit.lesion ?? edit.name}`
    case 'ct_seen': return `on CT ${edit.name} ${edit.seen === 'absent' ? 'has gone' : 'is too small to measure'}`
    case 'reference': return `the ${REFERENCE_NAMES[edit.which]} region was moved`
    case 'comment': return `comment: ${edit.text}`
  }
}
