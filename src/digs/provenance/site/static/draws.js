// The galaxies and the draws from their posteriors, out of window.DIGS_DRAWS.
"use strict";
(function () {
  const DIGS = (window.DIGS = window.DIGS || {});

  DIGS.Draws = class {
    constructor(packed) {
      Object.assign(this, packed);
      this.galaxies = packed.theta.length;
      const flux = new Float32Array(DIGS.bytes(packed.flux).buffer);
      const pixels = flux.length / this.galaxies;
      this.flux = packed.theta.map((_, galaxy) => flux.subarray(galaxy * pixels, (galaxy + 1) * pixels));
      this.steps = new Uint16Array(DIGS.bytes(packed.draws).buffer);
    }

    name(galaxy) {
      return this.rows[galaxy] === null ? "Galaxy of Fig. 3" : `Test galaxy ${this.rows[galaxy]}`;
    }

    // The draws of one set for one galaxy: five arrays, one for each parameter.
    of(set, galaxy) {
      const first = (this.sets.indexOf(set) * this.galaxies + galaxy) * this.low.length;
      return this.low.map((low, parameter) => {
        const start = (first + parameter) * this.shown;
        const step = (this.high[parameter] - low) / this.levels;
        return Float64Array.from(this.steps.subarray(start, start + this.shown), (value) => low + step * value);
      });
    }

    // The draw of MCMC with the highest likelihood.
    most_likely(galaxy) {
      return this.of("mcmc", galaxy).map((values) => values[this.best[galaxy]]);
    }
  };
})();
