// The spectrum: data, model with the band of its noise, features, and the residuals below.
"use strict";
(function () {
  const DIGS = (window.DIGS = window.DIGS || {});
  const LEAST_PULL = 4; // the panel of residuals reaches so far at least, in units of the noise

  // The next of a few round numbers, so that the axis does not jump at every move.
  function rounded_up(value) {
    const unit = 10 ** Math.floor(Math.log10(value));
    return unit * [1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((each) => each * unit >= value * 0.9999);
  }

  // Rows for names above the panel, so that none covers another: [name, wavelength, x, row] of each.
  function rows_of(context, features, x, left, right) {
    const ends = [];
    return features.map(([name, wavelength]) => {
      const half = context.measureText(name).width / 2 + 3;
      const middle = Math.max(left + half, Math.min(x(wavelength), right - half));
      let row = ends.findIndex((end) => end <= middle - half);
      if (row < 0) row = ends.length;
      ends[row] = middle + half;
      return [name, wavelength, middle, row];
    });
  }

  function decades(low, high) {
    const found = [];
    for (let exponent = Math.floor(Math.log10(low)); exponent <= Math.log10(high); exponent++) {
      for (const digit of [1, 2, 5]) {
        const value = digit * 10 ** exponent;
        const few = Math.log10(high / low) < 1.5;
        if (value >= low && value <= high) {
          if (few || digit === 1) found.push([value, digit === 1 ? DIGS.power(exponent) : `${digit} × ${DIGS.power(exponent)}`]);
        }
      }
    }
    return found;
  }

  DIGS.SpectrumPlot = class {
    constructor(canvas, wavelength) {
      this.canvas = canvas;
      this.wavelength = wavelength;
      this.hovered = null; // a pixel
    }

    // shown: data, model, pulls, chi_squared (in words), fraction, features (or none), logarithmic
    draw(shown) {
      const [width, height] = [this.canvas.clientWidth, this.canvas.clientHeight];
      const context = DIGS.blank(this.canvas, width, height);
      const narrow = width < 480;
      context.font = DIGS.font(narrow ? 11 : 12);
      const ink = DIGS.colour("--ink");
      const here = DIGS.colour("--here");
      const rule = DIGS.colour("--guide");
      const left = shown.logarithmic ? 66 : narrow ? 44 : 54;
      const right = width - 10;
      const ends = [this.wavelength[0] - 40, this.wavelength[this.wavelength.length - 1] + 40];
      const x = (value) => left + ((value - ends[0]) / (ends[1] - ends[0])) * (right - left);
      const names = rows_of(context, shown.features, x, left, right);
      const head = 22 + 14 * (1 + Math.max(-1, ...names.map((each) => each[3])));
      const below = Math.round((height - head - 44) * 0.27);
      const upper = { left, top: head, width: right - left, height: height - head - 44 - below - 8 };
      const lower = { left, top: upper.top + upper.height + 8, width: right - left, height: below };

      // axes
      const both = [...shown.data, ...shown.model];
      const [least, most] = [Math.min(...both), Math.max(...both)];
      const exponent = Math.floor(Math.log10(most));
      const top = shown.logarithmic ? most * 1.3 : rounded_up((most * (1 + shown.fraction)) / 10 ** exponent) * 10 ** exponent;
      const bottom = shown.logarithmic ? least / 1.3 : 0;
      const rise = shown.logarithmic
        ? (value) => Math.log(Math.max(value, bottom * 1e-3) / bottom) / Math.log(top / bottom)
        : (value) => value / top;
      const y = (value) => upper.top + upper.height * (1 - rise(value));
      const reach = Math.max(LEAST_PULL, rounded_up(Math.max(...shown.pulls.map(Math.abs))));
      const pull_y = (value) => lower.top + (lower.height * (1 - value / reach)) / 2;

      // features
      context.strokeStyle = rule;
      context.fillStyle = DIGS.colour("--faint");
      context.textAlign = "center";
      context.textBaseline = "bottom";
      context.setLineDash([1.5, 3]);
      for (const [name, wavelength, middle, row] of names) {
        context.beginPath();
        context.moveTo(x(wavelength), upper.top - 2 - 14 * row);
        context.lineTo(x(wavelength), lower.top + lower.height);
        context.stroke();
        context.fillText(name, middle, upper.top - 2 - 14 * row);
      }
      context.setLineDash([]);

      // model and the band of its noise
      const line = (values, places, reverse = false) => {
        for (let count = 0; count < values.length; count++) {
          const pixel = reverse ? values.length - 1 - count : count;
          context.lineTo(x(this.wavelength[pixel]), places(values[pixel]));
        }
      };
      context.save();
      context.beginPath();
      context.rect(upper.left, upper.top, upper.width, upper.height);
      context.clip();
      context.fillStyle = here;
      context.globalAlpha = 0.22;
      context.beginPath();
      line(shown.model.map((flux) => flux * (1 + shown.fraction)), y);
      line(shown.model.map((flux) => flux * (1 - shown.fraction)), y, true);
      context.fill();
      context.globalAlpha = 1;
      context.strokeStyle = here;
      context.lineWidth = 1.6;
      context.lineJoin = "round";
      context.beginPath();
      line(shown.model, y);
      context.stroke();
      context.fillStyle = ink;
      for (let pixel = 0; pixel < this.wavelength.length; pixel++) this.dot(context, x(this.wavelength[pixel]), y(shown.data[pixel]), narrow ? 1.3 : 1.8);
      context.restore();

      // residuals
      context.fillStyle = here;
      context.globalAlpha = 0.22;
      context.fillRect(lower.left, pull_y(1), lower.width, pull_y(-1) - pull_y(1));
      context.globalAlpha = 1;
      context.strokeStyle = here;
      context.lineWidth = 1.4;
      context.beginPath();
      context.moveTo(lower.left, pull_y(0));
      context.lineTo(lower.left + lower.width, pull_y(0));
      context.stroke();
      context.fillStyle = ink;
      for (let pixel = 0; pixel < this.wavelength.length; pixel++) this.dot(context, x(this.wavelength[pixel]), pull_y(shown.pulls[pixel]), narrow ? 1.2 : 1.6);

      // frames and labels
      const scaled = DIGS.ticks(0, top / 10 ** exponent, 5).map(([value, text]) => [value * 10 ** exponent, text]);
      const about = narrow ? 4 : 7;
      const ticks_x = DIGS.ticks(...ends, about);
      DIGS.frame(context, upper, x, y, ticks_x, shown.logarithmic ? decades(bottom, top) : scaled, { x: false, y: true });
      DIGS.frame(context, lower, x, pull_y, ticks_x, DIGS.ticks(-reach, reach, 4).filter(([value]) => Math.abs(value) < 0.9 * reach));
      context.fillStyle = ink;
      context.textAlign = "center";
      context.textBaseline = "bottom";
      context.fillText("Rest-frame wavelength in vacuum (Å)", (left + right) / 2, height - 3);
      context.textAlign = "left";
      context.textBaseline = "top";
      const unit = "erg s⁻¹ cm⁻² Å⁻¹";
      context.fillText(shown.logarithmic ? `Fλ (${unit})` : `Fλ (${DIGS.power(exponent)} ${unit})`, 2, 3);
      context.textAlign = "right";
      context.fillStyle = here;
      context.fillText(`χ² = ${shown.chi_squared}`, right, 3);
      context.fillStyle = ink;
      DIGS.upward(context, narrow ? "Resid. (σ)" : "Residual (σ)", 1, lower.top + lower.height / 2);

      if (this.hovered !== null) {
        context.strokeStyle = DIGS.colour("--faint");
        context.lineWidth = 1;
        const at = Math.round(x(this.wavelength[this.hovered])) + 0.5;
        context.beginPath();
        context.moveTo(at, upper.top);
        context.lineTo(at, lower.top + lower.height);
        context.stroke();
      }
      this.to_wavelength = (place) => ends[0] + ((place - left) / (right - left)) * (ends[1] - ends[0]);
    }

    dot(context, x, y, radius) {
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.fill();
    }

    // The pixel under the pointer.
    pixel_at(event) {
      const wavelength = this.to_wavelength(DIGS.position(this.canvas, event)[0]);
      const away = this.wavelength.map((each) => Math.abs(each - wavelength));
      return away.indexOf(Math.min(...away));
    }
  };
})();
