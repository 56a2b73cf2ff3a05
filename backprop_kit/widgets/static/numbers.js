// The one rule by which numbers are written: films/numbers.py is the same rule in Python.

// Three leading digits (ties away from zero, by toExponential's own definition) and the power of ten of the first.
function parts(v) {
  const [m, e] = Math.abs(v).toExponential(2).split("e");
  return [Math.round(m * 100), +e];
}

export function number(v) {
  if (v !== v) return "NaN";
  if (!v) return "0";
  const minus = v < 0 ? "−" : "";
  if (Math.abs(v) === Infinity) return minus + "∞";
  const [n, e] = parts(v),
    d = "" + n;
  if (e < -4 || e > 5) {
    const raised = ("" + e).replace(/./g, c => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]));
    return `${minus}${d[0]}.${d.slice(1)}·10${raised}`;
  }
  if (e < 0) return minus + "0." + "0".repeat(-e - 1) + d;
  return minus + (e < 2 ? d.slice(0, e + 1) + "." + d.slice(e + 1) : d + "0".repeat(e - 2));
}

// With its sign, as a change is written.
export const signed = v => (v > 0 ? "+" : "") + number(v);

// "=" only if the factors as shown give the result as shown.
export function productSign(a, b, result) {
  if (!a || !b || !result) return (!a || !b) && result === 0 ? "=" : "≈";
  if ((a < 0 !== b < 0) !== result < 0) return "≈";
  const [m, e] = parts(a),
    [n, f] = parts(b),
    [r, g] = parts(result);
  const drop = m * n < 1e5 ? 2 : 3;
  let q = Math.floor((m * n) / 10 ** drop + 0.5),
    x = e + f + drop - 2;
  if (q === 1000) [q, x] = [100, x + 1];
  return q === r && x === g ? "=" : "≈";
}
