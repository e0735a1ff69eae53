/** A measured curve: never falling, straight between the marks, and flat beyond them. */
export class Curve {
  private readonly points: readonly (readonly [x: number, y: number])[];

  /** @param points by ascending x; where y falls, the largest so far counts */
  constructor(points: readonly (readonly [x: number, y: number])[]) {
    let most = 0;
    this.points = points.map(([x, y]) => [x, (most = Math.max(most, y))] as const);
  }

  at(x: number): number {
    const after = this.points.findIndex(([px]) => px >= x);
    if (after === -1) return this.points[this.points.length - 1][1];
    if (after === 0) return this.points[0][1];
    const [x0, y0] = this.points[after - 1];
    const [x1, y1] = this.points[after];
    return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
  }

  /** Mean between 0 and x: of a row that grows from nothing to x posts. */
  mean(x: number): number {
    if (x <= 0) return this.at(0);
    const stops = [0, ...this.points.map(([px]) => px).filter((px) => px < x), x];
    let area = 0;
    for (let i = 1; i < stops.length; i++) {
      area += ((this.at(stops[i - 1]) + this.at(stops[i])) / 2) * (stops[i] - stops[i - 1]);
    }
    return area / x;
  }
}
