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

  /** Beyond the marks in proportion. */
  grown(x: number): number {
    return this.at(x) * Math.max(1, x / this.points[this.points.length - 1][0]);
  }
}
