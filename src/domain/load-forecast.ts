// Long because what is learnt of a load, and what is told of it, are one state.
/**
 * Forecasts a load one lead time ahead out of its recent course and the shape of its days, and with it how far such forecasts
 * have been off lately. Several courses (smoother or quicker ones) are tried beside each other; the one whose pool would have
 * been best lately is believed.
 */

const dayMinutes = 1_440;
/** Errors are counted by their logarithm, from −1.6 to 1.6: a fifth to five times what was forecast. */
const bins = 161;
const span = 1.6;
/** Of a minute's error after a minute: half of it counts after a day and a half. */
const keptOfErrors = 0.9997;
const keptOfCosts = 0.9995;
/** Forecasts that must have come true (or not) before their errors say anything. */
const leastErrors = 30;
/** Meanwhile so much more than forecast is expected. */
const unlearnt = 1.15;
/** How much of a day's course is taken into the shape of days. */
const dayShare = 0.4;
/** A shape of days is read over so many minutes to both sides: single minutes are noise. */
const shapeReach = 7;
const mostGrowth = 1.15;
const steepest = 0.3;
/** A course has to be better by so much to be believed instead. */
const better = 0.98;
/** Weights of errors grow instead of all former ones shrinking; beyond this all are scaled down again. */
const largestWeight = 1e12;

const courses = [
  { share: 1, trend: 0 },
  { share: 0.6, trend: 0 },
  { share: 0.35, trend: 0 },
  { share: 0.2, trend: 0 },
  { share: 0.1, trend: 0 },
  { share: 1, trend: 1 },
  { share: 0.6, trend: 0.5 },
  { share: 0.35, trend: 0.3 },
] as const;

export interface ForecastPool {
  /** Of the site itself, in VMs' worth. */
  readonly ownVms: number;
  readonly maxVms: number;
  readonly threshold: number;
  readonly leadMinutes: number;
  /** VM-hours that a minute above the threshold is worth. */
  readonly overMinuteWorth: number;
  /** How long something has to be spare before it counts as such. */
  readonly holdMinutes: number;
}

export interface ForecastAdvice {
  /** What the load will be a lead time from now, in VMs' worth of work. */
  readonly expected: number;
  /** VMs that weigh best against the danger of being above the threshold then. */
  readonly wanted: number;
  /** The most that were wanted within the hold: what is above it is spare. */
  readonly kept: number;
  /** How likely `wanted` is too few. */
  readonly danger: number;
}

interface Course {
  readonly share: number;
  readonly trend: number;
  level: number;
  slope: number;
  readonly errors: Float64Array;
  weight: number;
  cost: number;
  readonly forecasts: { readonly load: number; readonly kept: number }[];
  readonly lately: number[];
}

/** Takes one load a minute (in VMs' worth of work), in order. Minutes that nobody knows the load of are left out with
 *  {@link skip}. */
export class LoadForecast {
  readonly #pool: ForecastPool;
  readonly #floor: number;
  readonly #days = new Float64Array(dayMinutes).fill(Number.NaN);
  readonly #courses: Course[] = courses.map(({ share, trend }) => ({
    ...{ share, trend, level: 0, slope: 0, weight: 0, cost: 0 },
    errors: new Float64Array(bins),
    forecasts: [],
    lately: [],
  }));
  #believed = 0;
  #weight = 1;
  #minutes = 0;
  #learnt = 0;

  constructor(pool: ForecastPool) {
    this.#pool = pool;
    this.#floor = Math.max(0.01, 0.02 * pool.ownVms);
  }

  /** A minute whose load is not known: nothing is learnt of it, and what was forecast for it is never judged. */
  skip(): void {
    this.#minutes += 1;
    for (const course of this.#courses) course.forecasts.shift();
  }

  /** @param minuteOfDay - UTC, from 0. */
  observe(load: number, minuteOfDay: number): ForecastAdvice {
    const seen = Math.max(load, this.#floor);
    const growth = this.#growth(minuteOfDay);
    const day = this.#days[minuteOfDay] ?? Number.NaN;
    this.#days[minuteOfDay] = Number.isNaN(day) ? seen : day + dayShare * (seen - day);
    this.#weight /= keptOfErrors;
    if (this.#weight > largestWeight) this.#rescale();
    const needed = this.#needed(seen);
    let advice: ForecastAdvice | undefined;
    for (const [index, course] of this.#courses.entries()) {
      const next = this.#follow(course, seen, { growth, needed });
      if (index === this.#believed) advice = next;
    }
    this.#minutes += 1;
    this.#learnt += 1;
    this.#choose();
    return advice as ForecastAdvice;
  }

  #follow(course: Course, seen: number, { growth, needed }: { growth: number; needed: number }): ForecastAdvice {
    const { leadMinutes, holdMinutes, overMinuteWorth } = this.#pool;
    if (course.forecasts.length >= leadMinutes) {
      const was = course.forecasts.shift();
      if (was) {
        const bin = Math.round(binOf(Math.log(seen / was.load)));
        const at = Math.max(0, Math.min(bins - 1, bin));
        course.errors[at] = (course.errors[at] ?? 0) + this.#weight;
        course.weight += this.#weight;
        course.cost = course.cost * keptOfCosts + was.kept / 60 + (was.kept < needed ? overMinuteWorth : 0);
      }
    }
    const now = Math.log(seen);
    if (this.#learnt === 0) course.level = now;
    else {
      const before = course.level;
      const straight = before + course.slope;
      course.level = straight + course.share * (now - straight);
      course.slope += course.trend * (course.level - before - course.slope);
    }
    const slope = Math.max(-steepest, Math.min(steepest, course.slope));
    const expected = Math.max(this.#floor, Math.exp(course.level + leadMinutes * slope) * growth);
    const { wanted, danger } = this.#weigh(course, expected);
    course.lately.push(wanted);
    if (course.lately.length > holdMinutes) course.lately.shift();
    const kept = Math.max(...course.lately);
    course.forecasts.push({ load: expected, kept });
    return { expected, wanted, kept, danger };
  }

  /** A VM costs a sixtieth of an hour each minute; what it may save is the worth of a minute, by how likely that is. */
  #weigh({ errors, weight }: Course, expected: number): { wanted: number; danger: number } {
    const { ownVms, maxVms, threshold, overMinuteWorth } = this.#pool;
    if (weight < leastErrors * this.#weight) {
      return { wanted: Math.min(maxVms, this.#needed(expected * unlearnt)), danger: Number.NaN };
    }
    let best = { wanted: 0, danger: 1 };
    let least = Number.POSITIVE_INFINITY;
    let above = 0;
    let bin = bins - 1;
    for (let vms = maxVms; vms >= 0; vms--) {
      const bound = binOf(Math.log((threshold * (ownVms + vms)) / expected));
      for (; bin >= 0 && bin > bound; bin--) above += errors[bin] ?? 0;
      const danger = above / weight;
      const cost = vms / 60 + overMinuteWorth * danger;
      if (cost > least) continue;
      least = cost;
      best = { wanted: vms, danger };
    }
    return best;
  }

  /** How the load usually changes within a lead time at this time of the day. */
  #growth(minuteOfDay: number): number {
    if (this.#minutes < dayMinutes) return 1;
    const now = this.#shape(minuteOfDay);
    const then = this.#shape(minuteOfDay + this.#pool.leadMinutes);
    if (!(now > 0 && then > 0)) return 1;
    return Math.min(mostGrowth, Math.max(1 / mostGrowth, then / now));
  }

  #shape(minute: number): number {
    let sum = 0;
    for (let off = -shapeReach; off <= shapeReach; off++) {
      sum += this.#days[(minute + off + dayMinutes) % dayMinutes] ?? Number.NaN;
    }
    return sum / (2 * shapeReach + 1);
  }

  #needed(load: number): number {
    const { ownVms, threshold } = this.#pool;
    return Math.max(0, Math.ceil(load / threshold - ownVms - 1e-9));
  }

  #choose(): void {
    const costs = this.#courses.map(({ cost }) => cost);
    const best = costs.indexOf(Math.min(...costs));
    if ((costs[best] ?? 0) < better * (costs[this.#believed] ?? 0)) this.#believed = best;
  }

  #rescale(): void {
    for (const course of this.#courses) {
      for (let bin = 0; bin < bins; bin++) course.errors[bin] = (course.errors[bin] ?? 0) / this.#weight;
      course.weight /= this.#weight;
    }
    this.#weight = 1;
  }
}

function binOf(logError: number): number {
  return ((logError / span + 1) / 2) * (bins - 1);
}
