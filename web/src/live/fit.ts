/**
 * Fits a terminal of the customer's size into the room there is, by the size of its letters.
 * The customer's window rules: what doesn't fit gets smaller, never reflowed. Pure.
 */

export interface Size {
  readonly width: number;
  readonly height: number;
}

export const LARGEST = 22;
/** Below this, letters stop getting smaller in some browsers; the rest is done by scaling. */
export const SMALLEST = 4;
/** What "readable" means when the view scrolls in place of shrinking. */
export const READABLE = 13;

/**
 * The font size, in CSS pixels, at which a screen fits that measures `screen` at `fontSize`.
 * In steps of a quarter pixel, so that a window being dragged doesn't measure letters all the time.
 */
export function fittingFontSize(screen: Size, fontSize: number, room: Size): number {
  if (screen.width <= 0 || screen.height <= 0) return fontSize;
  const factor = Math.min(room.width / screen.width, room.height / screen.height);
  const steps = Math.floor(fontSize * factor * 4);
  return Math.min(LARGEST, Math.max(SMALLEST, steps / 4));
}

/** How much to scale a screen down that doesn't fit at its font size. */
export function scaleToFit(screen: Size, room: Size): number {
  if (screen.width <= 0 || screen.height <= 0) return 1;
  return Math.min(1, room.width / screen.width, room.height / screen.height);
}
