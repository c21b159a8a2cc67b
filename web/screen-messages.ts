// What the page and its drawing thread say to each other.
import type { Drawable } from './frame-drawer.ts'

export type ToDrawing =
  | { readonly type: 'open'; readonly canvas: OffscreenCanvas }
  /** `number` counts the frames that were handed over. */
  | { readonly type: 'show'; readonly number: number; readonly frame: Drawable }

export type FromDrawing =
  /** `at`: Unix milliseconds. */
  | { readonly type: 'drawn'; readonly number: number; readonly at: number }
  | { readonly type: 'failed'; readonly number: number; readonly problem: string }
