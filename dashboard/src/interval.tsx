/** A difference and its confidence interval, drawn against zero. */
import "./interval.css";
import { signed } from "./words";

type Given = { difference: number; low: number; high: number; level: number };

export function Interval({ difference, low, high, level }: Given) {
  const most = Math.max(Math.abs(low), Math.abs(high), 0.01) * 1.15;
  const at = (value: number) => 300 + (290 * value) / most;
  const side = low > 0 ? "better" : high < 0 ? "worse" : "open";
  const words = `Difference ${signed(difference)}, ${Math.round(100 * level)} % interval ${signed(low)} to ${signed(high)}`;
  return (
    <figure className={`interval interval-${side}`}>
      <svg viewBox="0 0 600 64" role="img" aria-label={words}>
        <line className="interval-zero" x1="300" x2="300" y1="4" y2="44" />
        <line className="interval-span" x1={at(low)} x2={at(high)} y1="24" y2="24" />
        <line className="interval-span" x1={at(low)} x2={at(low)} y1="16" y2="32" />
        <line className="interval-span" x1={at(high)} x2={at(high)} y1="16" y2="32" />
        <circle className="interval-point" cx={at(difference)} cy="24" r="6" />
        <text x="300" y="60">0: no difference</text>
      </svg>
      <figcaption>{words}: {VERDICTS[side]}</figcaption>
    </figure>
  );
}

const VERDICTS = {
  better: "the candidate is better.",
  worse: "the candidate is worse.",
  open: "zero lies in it, so neither is known to be better.",
};
