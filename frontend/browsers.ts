/**
 * The oldest browsers that the shop's scripts run in: those of the spring of 2023, which is Baseline 2022 and more than three years ago.
 * Older ones get the pages as HTML, and checkout tells what it needs.
 */
export const BROWSERS = { chrome: [111, 0], firefox: [114, 0], safari: [16, 4] } as const;
export const ECMASCRIPT = 2022;

export const BUILD_TARGET = [`es${ECMASCRIPT}`, ...Object.entries(BROWSERS).map(([name, [major, minor]]) => `${name}${major}${minor ? `.${minor}` : ""}`)];
