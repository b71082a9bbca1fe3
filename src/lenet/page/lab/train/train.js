// Train.

export function start(panel) {
}
