// The corner plot: posteriors in every pair of parameters, linked to the sliders.
"use strict";
(function () {
  const DIGS = (window.DIGS = window.DIGS || {});
  const BINS = 40; // across a panel
  const SMOOTHING = 2; // bins
  const LEVELS = [[0.95, 1.1], [0.68, 2.2]]; // shares of the draws inside contours, and widths of these lines
  const MARGIN = 0.08; // of the range, beyond the outermost draws
  const OUTER = 0.004; // of the draws may lie outside, at either end

  function quantile(sorted, probability) {
    return sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(probability * (sorted.length - 1))))];
  }

  DIGS.CornerPlot = class {
    // parameters: label, unit, low, high of each
    constructor(canvas, parameters) {
      this.canvas = canvas;
      this.parameters = parameters;
      this.still = document.createElement("canvas"); // what does not move with the sliders
      this.hovered = null;
    }

    // Ends of each parameter's axis: of the prior, or those that show all sets and the truth.
    ends_of({ sets, truth, whole }) {
      return this.parameters.map(({ low, high }, place) => {
        let [least, most] = [low, high];
        if (!whole && sets.length) {
          const sorted = sets.map((set) => Float64Array.from(set.theta[place]).sort());
          least = Math.min(truth[place], ...sorted.map((values) => quantile(values, OUTER)));
          most = Math.max(truth[place], ...sorted.map((values) => quantile(values, 1 - OUTER)));
        }
        const margin = Math.max(MARGIN * (most - least), 1e-3 * (high - low));
        return [least - margin, most + margin];
      });
    }

    // Draw what does not move. shown: sets (theta, colour, dashes), truth, whole, points
    prepare(shown) {
      const width = this.canvas.clientWidth;
      const height = this.canvas.clientHeight;
      const context = DIGS.blank(this.still, width, height);
      const number = this.parameters.length;
      const [left, bottom, gap] = [62, 52, 6];
      const size = Math.min((width - left - 8) / number, (height - bottom - 8) / number) - gap;
      this.size = size;
      this.ends = this.ends_of(shown);
      this.box = (row, column) => ({ left: left + column * (size + gap), top: 8 + row * (size + gap), width: size, height: size });
      context.font = DIGS.font(size < 110 ? 10.5 : 12);
      for (let row = 0; row < number; row++) {
        for (let column = 0; column <= row; column++) {
          context.save();
          const box = this.box(row, column);
          context.beginPath();
          context.rect(box.left, box.top, box.width, box.height);
          context.clip();
          if (row === column) this.margin(context, box, column, shown);
          else this.pair(context, box, row, column, shown);
          context.restore();
          this.axes(context, box, row, column);
        }
      }
    }

    x(box, column, value) {
      const [low, high] = this.ends[column];
      return box.left + ((value - low) / (high - low)) * box.width;
    }

    y(box, row, value) {
      const [low, high] = this.ends[row];
      return box.top + box.height * (1 - (value - low) / (high - low));
    }

    margin(context, box, column, { sets, truth }) {
      const all = sets.map((set) => DIGS.histogram(set.theta[column], this.ends[column], BINS, SMOOTHING * 0.75));
      const most = Math.max(1e-9, ...all.map((counts) => Math.max(...counts)));
      this.lines(context, box, column, null, truth, "--truth", [4, 3], 1);
      all.forEach((counts, place) => {
        context.strokeStyle = sets[place].colour;
        context.lineWidth = 1.6;
        context.setLineDash(sets[place].dashes);
        context.beginPath();
        counts.forEach((count, bin) => {
          context.lineTo(box.left + ((bin + 0.5) / BINS) * box.width, box.top + box.height * (1 - (0.9 * count) / most));
        });
        context.stroke();
      });
      context.setLineDash([]);
    }

    pair(context, box, row, column, { sets, truth, points }) {
      for (const set of sets) {
        const [across, up] = [set.theta[column], set.theta[row]];
        if (points) {
          context.fillStyle = set.colour;
          context.globalAlpha = 0.35;
          for (let draw = 0; draw < across.length; draw++) {
            context.fillRect(this.x(box, column, across[draw]) - 0.8, this.y(box, row, up[draw]) - 0.8, 1.6, 1.6);
          }
          context.globalAlpha = 1;
        }
      }
      this.lines(context, box, column, row, truth, "--truth", [4, 3], 1);
      const [x, y] = [this.x(box, column, truth[column]), this.y(box, row, truth[row])];
      context.fillStyle = DIGS.colour("--truth");
      context.fillRect(x - 3, y - 3, 6, 6);
      for (const set of sets) {
        const grid = DIGS.density(set.theta[column], set.theta[row], this.ends[column], this.ends[row], BINS, SMOOTHING);
        context.strokeStyle = set.colour;
        context.setLineDash(set.dashes);
        context.lineJoin = "round";
        for (const [share, line_width] of LEVELS) {
          context.lineWidth = line_width;
          context.beginPath();
          for (const line of DIGS.contours(grid, BINS, DIGS.level(grid, share))) {
            line.forEach(([across, up], place) => {
              const at = [box.left + ((across + 0.5) / BINS) * box.width, box.top + box.height * (1 - (up + 0.5) / BINS)];
              if (place) context.lineTo(...at);
              else context.moveTo(...at);
            });
          }
          context.stroke();
        }
        context.setLineDash([]);
      }
    }

    // Lines across a panel at the values of theta in its two parameters.
    lines(context, box, column, row, theta, colour, dashes, width) {
      context.save();
      context.strokeStyle = DIGS.colour(colour);
      context.lineWidth = width;
      context.setLineDash(dashes);
      context.beginPath();
      const x = this.x(box, column, theta[column]);
      context.moveTo(x, box.top);
      context.lineTo(x, box.top + box.height);
      if (row !== null) {
        const y = this.y(box, row, theta[row]);
        context.moveTo(box.left, y);
        context.lineTo(box.left + box.width, y);
      }
      context.stroke();
      context.restore();
    }

    axes(context, box, row, column) {
      const about = this.size < 110 ? 2 : 3;
      const inside = ([low, high]) => {
        const within = (number) => DIGS.ticks(low + 0.06 * (high - low), high - 0.06 * (high - low), number);
        return within(about).length > 1 ? within(about) : within(about + 1);
      };
      const last = row === this.parameters.length - 1;
      const of = ({ label, unit }) => (unit ? `${label} (${unit})` : label);
      DIGS.frame(
        context, box, (value) => this.x(box, column, value), (value) => this.y(box, row, value),
        inside(this.ends[column]), row === column ? [] : inside(this.ends[row]), { x: last, y: column === 0 },
      );
      context.fillStyle = DIGS.colour("--ink");
      if (last) {
        context.textAlign = "center";
        context.textBaseline = "top";
        context.fillText(of(this.parameters[column]), box.left + box.width / 2, box.top + box.height + 26);
      }
      if (column === 0 && row) DIGS.upward(context, of(this.parameters[row]), 2, box.top + box.height / 2);
    }

    // Draw all, with lines at the sliders' values.
    draw(theta) {
      const [width, height] = [this.canvas.clientWidth, this.canvas.clientHeight];
      const context = DIGS.blank(this.canvas, width, height);
      context.drawImage(this.still, 0, 0, width, height);
      for (let row = 0; row < this.parameters.length; row++) {
        for (let column = 0; column <= row; column++) {
          const box = this.box(row, column);
          context.save();
          context.beginPath();
          context.rect(box.left, box.top, box.width, box.height);
          context.clip();
          this.lines(context, box, column, row === column ? null : row, theta, "--here", [], 1.4);
          if (row !== column) {
            context.strokeStyle = DIGS.colour("--here");
            context.lineWidth = 2;
            context.beginPath();
            context.arc(this.x(box, column, theta[column]), this.y(box, row, theta[row]), 4.5, 0, 2 * Math.PI);
            context.stroke();
          }
          context.restore();
        }
      }
    }

    // What lies under the pointer: [parameter, value] of one or two parameters; empty outside all panels.
    values_at(event) {
      const [across, down] = DIGS.position(this.canvas, event);
      for (let row = 0; row < this.parameters.length; row++) {
        for (let column = 0; column <= row; column++) {
          const box = this.box(row, column);
          const part = [(across - box.left) / box.width, 1 - (down - box.top) / box.height];
          if (part.some((each) => each < 0 || each > 1)) continue;
          const value = (place, share) => this.ends[place][0] + share * (this.ends[place][1] - this.ends[place][0]);
          const found = [[column, value(column, part[0])]];
          if (row !== column) found.push([row, value(row, part[1])]);
          return found.map(([place, number]) => {
            const { low, high } = this.parameters[place];
            return [place, Math.min(high, Math.max(low, number))];
          });
        }
      }
      return [];
    }
  };
})();
