/** Figures with their confidence intervals, drawn: each model's own on one line, and their difference against zero. */
import "./interval.css";
import { figure, lessIsBetter, metric, signed } from "./words";

type Given = { difference: number; low: number; high: number; level: number; metric: string };

export function Interval({ difference, low, high, level, metric: name }: Given) {
  const most = Math.max(Math.abs(low), Math.abs(high), 0.01) * 1.15;
  const at = (value: number) => 300 + (290 * value) / most;
  const [up, down]: ("better" | "worse")[] = lessIsBetter(name) ? ["worse", "better"] : ["better", "worse"];
  const side = (low > 0 ? up : high < 0 ? down : undefined) ?? "open";
  const words = `${metric(name)}: difference ${signed(difference)}, ${Math.round(100 * level)} % interval ${signed(low)} to ${signed(high)}`;
  return (
    <figure className={`interval interval-${side}`}>
      <svg viewBox="0 0 600 64" role="img" aria-label={words}>
        <line className="interval-zero" x1="300" x2="300" y1="4" y2="44" />
        <Span from={at(low)} to={at(high)} point={at(difference)} y={24} />
        <text x="300" y="60">0: no difference</text>
      </svg>
      <figcaption>
        {words}: {VERDICTS[side]}
      </figcaption>
    </figure>
  );
}

const VERDICTS = {
  better: "the candidate is better.",
  worse: "the candidate is worse.",
  open: "zero lies in it, so neither is known to be better.",
};

export type Measured = { who: string; value: number; low: number; high: number };

/** Models beside each other on one scale. */
export function Figures({ name, rows }: { name: string; rows: Measured[] }) {
  const [from, to] = [Math.min(...rows.map(({ low }) => low)), Math.max(...rows.map(({ high }) => high))];
  const room = Math.max((to - from) * 0.1, 0.005);
  const at = (value: number) => 130 + (440 * (value - from + room)) / (to - from + 2 * room);
  const words = rows.map(({ who, value, low, high }) => `${who} ${figure(value)} (${figure(low)} to ${figure(high)})`).join(", ");
  return (
    <figure className="interval">
      <svg viewBox={`0 0 600 ${30 * rows.length + 26}`} role="img" aria-label={`${metric(name)}: ${words}`}>
        {rows.map(({ who, value, low, high }, row) => (
          <g key={who}>
            <text className="interval-who" x="0" y={30 * row + 22}>
              {who}
            </text>
            <Span from={at(low)} to={at(high)} point={at(value)} y={30 * row + 18} />
          </g>
        ))}
        {[from, to].map((end) => (
          <text key={end} x={at(end)} y={30 * rows.length + 18}>
            {figure(end)}
          </text>
        ))}
      </svg>
      <figcaption>
        {metric(name)} with 95 % intervals: {words}.
      </figcaption>
    </figure>
  );
}

function Span({ from, to, point, y }: { from: number; to: number; point: number; y: number }) {
  return (
    <>
      <line className="interval-span" x1={from} x2={to} y1={y} y2={y} />
      <line className="interval-span" x1={from} x2={from} y1={y - 8} y2={y + 8} />
      <line className="interval-span" x1={to} x2={to} y1={y - 8} y2={y + 8} />
      <circle className="interval-point" cx={point} cy={y} r="6" />
    </>
  );
}
