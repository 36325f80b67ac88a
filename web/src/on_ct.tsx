/* Lesions on CT: those of earlier CTs, what was measured here or has gone, and what the next caliper is of. */

import type { CaseView, OnCt, SeenOnCt } from './contract'
import { dayOf } from './days'
import { NOTHING_SAID, type Room } from './room'

const HOW: Record<string, string> = { present: '', absent: 'gone', too_small: 'too small to measure', new: 'new', unequivocal_progression: 'unequivocal progression' }

/** What the next caliper measures; on top of the panel while the tool is in the hand. */
export function NextCaliper({ room, view }: { room: Room; view: CaseView }) {
  const { caliper } = room
  const say = (changes: Partial<Room['caliper']>) => room.set({ caliper: { ...caliper, ...changes } })
  return (
    <fieldset class="caliper">
      <legend>The next caliper is of</legend>
      <div class="row">
        <label class="what">What <select value={caliper.alone ? 'alone' : ''} onChange={(event) => say({ alone: event.currentTarget.value === 'alone' })}>
          <option value="">the selected region{room.selected && `, ${room.selected}`}</option><option value="alone">a mass without uptake</option>
        </select></label>
        <label class="grow">Name <input value={caliper.name} maxLength={40} pattern="[A-Za-z0-9][A-Za-z0-9 _.\-]*" list="on-ct" placeholder={caliper.alone ? 'on all scans the same' : 'as its track'} onInput={(event) => say({ name: event.currentTarget.value })} /></label>
        <datalist id="on-ct">{view.on_ct.map((one) => <option key={one.name}>{one.name}</option>)}</datalist>
      </div>
      <div class="row">
        <label>Counts as <select value={caliper.counts_as ?? ''} onChange={(event) => say({ counts_as: (event.currentTarget.value || null) as Room['caliper']['counts_as'] })}>
          <option value="">{caliper.alone ? '…' : 'its site'}</option><option value="node">node</option><option value="extranodal">extranodal</option>
        </select></label>
        <label>Seen as <select value={caliper.seen} onChange={(event) => say({ seen: event.currentTarget.value as Room['caliper']['seen'] })}>
          <option value="present">present</option><option value="new">new</option><option value="unequivocal_progression">unequivocal progression</option>
        </select></label>
        <label class="check"><input type="checkbox" checked={caliper.target} onChange={(event) => say({ target: event.currentTarget.checked })} /> target</label>
      </div>
    </fieldset>
  )
}

/** Every lesion of this CT and of those before it. */
export function LesionsOnCt({ room, view }: { room: Room; view: CaseView }) {
  return (
    <>
      <h3>Lesions on CT</h3>
      {view.on_ct.length ? <ul class="on-ct">{view.on_ct.map((one) => <OneOnCt key={one.name} room={room} lesion={one} />)}</ul>
        : <p>{view.has_ct ? 'None yet: select a region, take the tool C and click the ends of its diameters.' : 'This scan has no CT.'}</p>}
    </>
  )
}

function OneOnCt({ room, lesion }: { room: Room; lesion: OnCt }) {
  const { name, region, target, now, before, edit } = lesion
  const kind = lesion.kind === 'spleen' ? null : lesion.kind
  const measure = () => {
    if (region) room.select(region)
    room.set({ tool: 'caliper', caliper: { ...NOTHING_SAID, name: region ? '' : name, alone: !region, counts_as: region ? null : kind, target } })
  }
  const notMeasured = (seen: 'absent' | 'too_small') => kind && room.edit({ kind: 'ct_seen', name, counts_as: kind, seen, target })
  return (
    <li data-on-ct={name} data-seen={now?.seen ?? ''}>
      <b>{name}</b> {lesion.kind}{target ? ', target' : ''}{region && region !== name ? `, ${region}` : ''}
      {before && <small> day {dayOf(before.day)}: {inWords(before)}</small>}
      <div class="row">
        <span>{now ? inWords(now) : 'nothing said yet'}</span>
        {now && edit === null && <small>from ct_targets.csv</small>}
        {room.mayEdit && edit !== null && <button class="small" onClick={() => room.edit({ kind: 'remove_edit', edit })} aria-label={`take back what was said of ${name}`}>take back</button>}
        {room.mayEdit && kind && <>
          <button class="small" onClick={measure} aria-label={`measure ${name}`}>measure</button>
          {before && !region && <>
            <button class="small" aria-pressed={now?.seen === 'absent'} onClick={() => notMeasured('absent')} aria-label={`${name} has gone`}>gone</button>
            <button class="small" aria-pressed={now?.seen === 'too_small'} onClick={() => notMeasured('too_small')} aria-label={`${name} is too small to measure`}>too small</button>
          </>}
        </>}
      </div>
    </li>
  )
}

function inWords({ seen, ldi_mm: long, sdi_mm: short }: SeenOnCt): string {
  const size = long === null ? '' : `${long.toFixed(1)}${short === null ? '' : ` × ${short.toFixed(1)}`} mm`
  return [size, HOW[seen] ?? seen].filter(Boolean).join(', ')
}
