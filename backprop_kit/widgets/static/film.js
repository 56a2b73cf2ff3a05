// A film as films/film.py packs it. What is known is a function of k alone.

export async function open(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const raw = await new Response(stream).arrayBuffer(),
    start = 4 + new DataView(raw).getUint32(0, true);
  const film = JSON.parse(new TextDecoder().decode(new Uint8Array(raw, 4, start - 4)));
  film.arrays = new Map(
    film.arrays.map(([name, kind, at, shape, known, stale, peak, series, scale, from]) => {
      const size = shape.reduce((a, b) => a * b, 1),
        Kind = { f4: Float32Array, u1: Uint8Array }[kind] || Float64Array;
      return [name, { known, stale, peak, scale, from, row: series && size / shape[0], values: new Kind(raw, start + at, size) }];
    })
  );
  return Object.assign(film, {
    cutOf: wanted => (film.cuts[wanted] ? wanted : Object.keys(film.cuts)[0]),
    frameAt: (cut, k) =>
      Math.max(
        0,
        film.cuts[cut].frames.findLastIndex(f => f.k <= k)
      ),
    covered: cut => Object.values(film.cuts[cut].covered).reduce((a, b) => a + b, 0),
    // The latest known candidate at k: its array, its number, and whether it came after `since` or is out of date.
    state(v, k, since) {
      let best = null;
      for (const [name, place] of v || []) {
        const a = film.arrays.get(name),
          // Of a series it is the row of this step.
          index = place + (a?.row ? Math.min(k * a.row, a.values.length - a.row) : 0);
        if (a?.known <= k && !(best?.array.known > a.known))
          best = {
            array: a,
            index,
            n: a.values[index],
            peak: a.peak,
            fresh: a.known > since,
            stale: a.stale != null && a.stale <= k
          };
      }
      return best;
    }
  });
}
