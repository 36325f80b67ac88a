/* The HTTP contract of the reading room: what /api answers and takes. All positions are DICOM patient coordinates (LPS) in mm. */

export type Point = [number, number, number];
export type Status = 'disease' | 'physiologic' | 'undecided';
export type Kind = 'nodal' | 'extranodal' | 'spleen' | 'marrow';
export type Role = 'administrator' | 'reader' | 'adjudicator' | 'viewer';
export type ReadingState = 'assigned' | 'open' | 'edited' | 'signed' | 'unlocked';
export type CaseState = 'planned' | 'reading' | 'signed' | 'disputed' | 'settled';

/** Why the server said no: every refusal of CARPET has these five. */
export interface Notice { code: string; message: string; where: string; found: string; allowed: string; remedy: string }

/** GET /api/me. accounts: false in the single-user room, where there is no password. form_token goes back as X-CSRF-Token. */
export interface Me { name: string; role: Role; accounts: boolean; form_token: string; trial: string }

/** GET /api/queue, in the order in which the cases are to be read. refused: the scan cannot be read, and why. version: of the own reading. */
export interface QueueCase {
  case: string; patient: string; timepoint: string; day: number;
  state: CaseState; reading: ReadingState | null; due: boolean; waits_for: string[]; refused: Notice[];
  version: number; may: { unlock: { who: string; version: number }[]; start_again: boolean };
}
export interface Queue { cases: QueueCase[]; refusals: Notice[] }

/** A number that the server has written out, or the reason why there is none, as a code and in words. */
export interface Value { name: string; value: number | null; unit: string; reason_missing: string; because_missing: string }

export interface Lesion {
  id: string; label: number; status: Status; decided_by: string; because: string;
  site: string; kind: Kind | null; suggested_site: string; suggested_kind: Kind | null;
  centroid_lps_mm: Point; volume_ml: number; suv_max: number; suv_mean: number; suv_peak: number | null; tlg_g: number;
  is_new?: boolean; ldi_mm?: number | null; sdi_mm?: number | null;
}
export interface ReferenceRegion { name: 'liver' | 'blood_pool'; centre_lps_mm: Point; radius_mm: number; suv_mean: number; suv_max: number; moved: boolean }
/** One step of the benchmark workflow: TMTV1 preselection, TMTV2 without reactive marrow and spleen, TMTV3 edited, TMTV4 with small lesions. */
export interface Step { name: string; volume_ml: number | null; clicks: number; says: string }
/** by: carpet, by the numbers, or reader and who. provisional: regions were changed, and carpet run has not followed them yet. */
export interface Response { criterion: string; by: string; provisional: boolean; category: string; rule: string; because: string }
/** An edit that holds, with its number in the reading; `at` and `by` as the history has them. */
export interface Standing { number: number; edit: Edit }
/** How spin.png and spin_ids.png are cut: frame n stands in row floor(n / columns); frame 0 is seen from the front,
 * and from frame to frame the observer walks towards the patient's left. spin.png: grey = 255 · (1 − (SUV / black_suv) ** gamma).
 * spin_ids.png: label = red · 65536 + green · 256 + blue. */
export interface Spin { frames: number; columns: number; width: number; height: number; pixel_width_mm: number; pixel_height_mm: number; black_suv: number; gamma: number }

/** whose: the reading that is shown, empty for the machine's result; own_version: of the person's own; stands: whose reading counts, where that is settled. grid: the voxels (i, j, k) of PET and labels, rows of the matrix to LPS mm. */
export interface CaseView {
  case: string; patient: string; timepoint: string; day: number; state: CaseState; reading: ReadingState | null; version: number; own_version: number; whose: string; stands: string | null;
  may: { edit: boolean; sign: boolean; unlock: boolean; start_again: boolean; adjudicate: boolean };
  scan: { name: string; value: string }[];
  lesions: Lesion[]; references: ReferenceRegion[]; biomarkers: Value[]; steps: Step[]; response: Response[];
  deauville: { score: string | null; suggested: string | null; because: string };
  new_lesions: { present: boolean | null; lesions: string[] };
  comments: { number: number; text: string }[];
  calipers: { lesion: string; ldi_lps_mm: [Point, Point]; sdi_lps_mm: [Point, Point]; ldi_mm: number; sdi_mm: number }[];
  on_ct: OnCt[]; standing: Standing[]; sites: { name: string; kind: Kind }[];
  spin: Spin; grid: { size: [number, number, number]; to_lps: number[][] }; has_ct: boolean; baseline: string | null; disagreements: { trigger: string; because: string }[]; readings: ReadingSeen[];
}
export interface ReadingSeen { who: string; category: string | null; deauville: string | null; tmtv_ml: number | null; signed: boolean; not_blind: string[] }

export type CtKind = 'node' | 'extranodal';
export type CtSeen = 'present' | 'new' | 'unequivocal_progression';
/** How a lesion was seen on one CT; mm, null where it was not measured. */
export interface SeenOnCt { day: number; seen: string; ldi_mm: number | null; sdi_mm: number | null }
/** A lesion of this CT or of an earlier one. region: on this scan; edit: the number of the edit that says `now`, null for a table's row. */
export interface OnCt { name: string; kind: CtKind | 'spleen'; target: boolean; region: string | null; before: SeenOnCt | null; now: SeenOnCt | null; edit: number | null }

/** POST …/edits answers with what an edit can change; labels say whether the voxels of lesions changed. */
export type Edited = Pick<CaseView,
  'version' | 'reading' | 'lesions' | 'references' | 'biomarkers' | 'steps' | 'response' | 'deauville' | 'new_lesions' | 'comments' | 'calipers' | 'on_ct' | 'standing'>
  & { voxels_changed: boolean };

/** The kinds of edits, as carpet.review.edits has them. */
export type Edit =
  | { kind: 'status'; lesion: string; status: Status }
  | { kind: 'site'; lesion: string; site: string; counts_as: Kind | null }
  | { kind: 'add'; point_lps_mm: Point }
  | { kind: 'brush'; points_lps_mm: Point[]; radius_mm: number; lesion: string | null; erase: boolean }
  | { kind: 'split'; lesion: string; seeds_lps_mm: Point[] }
  | { kind: 'merge'; lesions: string[] }
  | { kind: 'sphere_threshold'; centre_lps_mm: Point; radius_mm: number; suv: number }
  | { kind: 'remove_edit'; edit: number }
  | { kind: 'deauville'; score: string }
  | { kind: 'new_lesions'; present: boolean; lesions: string[] }
  | { kind: 'caliper'; lesion: string | null; ldi_lps_mm: [Point, Point]; sdi_lps_mm: [Point, Point]; name: string; counts_as: CtKind | null; target: boolean; seen: CtSeen }
  | { kind: 'ct_seen'; name: string; counts_as: CtKind; seen: 'absent' | 'too_small'; target: boolean }
  | { kind: 'reference'; which: 'liver' | 'blood_pool'; centre_lps_mm: Point }
  | { kind: 'comment'; text: string };

/** old and new: edits or facts as JSON, empty for nothing. */
export interface Act { number: number; at: string; who: string; role: string; what: string; old: string; new: string; reason: string }
/** 409: the reading went on elsewhere (another tab, a laptop that was closed). since: what was done after the version we had. */
export interface Conflict { version: number; since: Act[] }
/** GET …/history, oldest first. */
export interface History { acts: Act[] }
