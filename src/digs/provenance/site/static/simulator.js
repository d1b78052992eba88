// Spectra of delayed-tau galaxies with dust, as the Python package's simulator has them in double precision.
"use strict";
(function () {
  const DIGS = (window.DIGS = window.DIGS || {});

  DIGS.Simulator = class {
    // populations: window.DIGS_POPULATIONS
    constructor(populations) {
      Object.assign(this, populations);
      const [nodes, pixels] = [this.logzsol.length, this.wavelength.length];
      const unpacked = (packed, ages, step) => {
        const shape = [nodes, ages, pixels];
        const values = DIGS.integers(packed, nodes * ages * pixels);
        for (const axis of populations.differences) DIGS.accumulate(values, shape, axis);
        return values.map((value) => step * value);
      };
      this.flux = unpacked(populations.flux, this.age.length, populations.step).map(Math.exp);
      this.ratio = unpacked(populations.ratio, this.young, populations.ratio_step);
    }

    // Mass fractions of the populations of each age. Stars form at the lookback time s at the rate
    // (tage - s) exp(-(tage - s) / tau); spectra between two ages are interpolated linearly in the log of the age.
    // Gauss-Legendre quadrature in each interval of age; the last one ends with the galaxy's age.
    weights(tage, tau) {
      const weights = new Float64Array(this.age.length);
      let mass = 0;
      for (let upper = 0; upper < this.age.length; upper++) {
        const younger = upper ? this.age[upper - 1] : 0;
        if (younger >= tage) break;
        const width = Math.min(this.age[upper], tage) - younger;
        for (let place = 0; place < this.node.length; place++) {
          const time = younger + width * this.node[place];
          const formed = (tage - time) * Math.exp(-(tage - time) / tau) * width * this.node_weight[place];
          const older = upper ? Math.log(time / younger) / Math.log(this.age[upper] / younger) : 1;
          weights[upper] += formed * older;
          if (upper) weights[upper - 1] += formed * (1 - older);
          mass += formed;
        }
      }
      return weights.map((weight) => weight / mass);
    }

    // F_lambda in erg/s/cm^2/Angstrom at every pixel, of theta = [logmass, logzsol, dust2, tage, logtau].
    spectrum([logmass, logzsol, dust2, tage, logtau]) {
      const weights = this.weights(tage, 10 ** logtau);
      let upper = 1;
      while (upper < this.logzsol.length - 1 && this.logzsol[upper] < logzsol) upper++;
      const share = (logzsol - this.logzsol[upper - 1]) / (this.logzsol[upper] - this.logzsol[upper - 1]);
      const pixels = this.wavelength.length;
      const spectrum = new Float64Array(pixels);
      for (const [node, part] of [[upper - 1, 1 - share], [upper, share]]) {
        for (let age = 0; age < weights.length; age++) {
          const amount = weights[age] * part;
          if (!amount) continue;
          const start = (node * weights.length + age) * pixels;
          for (let pixel = 0; pixel < pixels; pixel++) spectrum[pixel] += amount * this.flux[start + pixel];
          if (age >= this.young) continue;
          const change = (this.dust - dust2) * amount; // of the gas, within the line-spread function
          const first = (node * this.young + age) * pixels;
          for (let pixel = 0; pixel < pixels; pixel++) spectrum[pixel] += change * this.flux[start + pixel] * this.ratio[first + pixel];
        }
      }
      return spectrum.map((flux, pixel) => flux * 10 ** logmass * Math.exp(-dust2 * this.curve[pixel]));
    }
  };

  // The data's residuals in units of the noise, whose standard deviation is a fraction of the model's flux.
  DIGS.pulls = (data, model, fraction) => model.map((flux, pixel) => (data[pixel] - flux) / (fraction * flux));
})();
