// Look inside.

export function start(panel) {
}
