// Smooth densities of draws, and the contours that hold given shares of them.
"use strict";
(function () {
  const DIGS = (window.DIGS = window.DIGS || {});

  // A Gaussian's values at whole bins, which sum to 1.
  function kernel(sigma) {
    const reach = Math.ceil(3 * sigma);
    const values = Array.from({ length: 2 * reach + 1 }, (_, place) => Math.exp(-0.5 * ((place - reach) / sigma) ** 2));
    const sum = values.reduce((total, value) => total + value, 0);
    return values.map((value) => value / sum);
  }

  // Convolve lines of a grid, whose values are stride apart, in place.
  function smooth(grid, bins, stride, starts, weights) {
    const reach = (weights.length - 1) / 2;
    const line = new Float64Array(bins);
    for (const start of starts) {
      for (let bin = 0; bin < bins; bin++) line[bin] = grid[start + bin * stride];
      for (let bin = 0; bin < bins; bin++) {
        let sum = 0;
        for (let shift = -reach; shift <= reach; shift++) sum += (line[bin + shift] || 0) * weights[shift + reach];
        grid[start + bin * stride] = sum;
      }
    }
  }

  const bin_of = (value, [low, high], bins) => Math.floor(((value - low) / (high - low)) * bins);

  // The share of draws in each of so many bins between two ends, smoothed over sigma bins.
  DIGS.histogram = function (values, ends, bins, sigma) {
    const counts = new Float64Array(bins);
    for (const value of values) {
      const bin = bin_of(value, ends, bins);
      if (bin >= 0 && bin < bins) counts[bin] += 1 / values.length;
    }
    smooth(counts, bins, 1, [0], kernel(sigma));
    return counts;
  };

  // The same in two dimensions: the value at [row * bins + column].
  DIGS.density = function (across, up, ends_across, ends_up, bins, sigma) {
    const grid = new Float64Array(bins * bins);
    for (let draw = 0; draw < across.length; draw++) {
      const column = bin_of(across[draw], ends_across, bins);
      const row = bin_of(up[draw], ends_up, bins);
      if (column >= 0 && column < bins && row >= 0 && row < bins) grid[row * bins + column] += 1 / across.length;
    }
    const weights = kernel(sigma);
    const all = Array.from({ length: bins }, (_, place) => place);
    smooth(grid, bins, 1, all.map((row) => row * bins), weights);
    smooth(grid, bins, bins, all, weights);
    return grid;
  };

  // The density above which a share of all draws lies.
  DIGS.level = function (grid, share) {
    const sorted = Float64Array.from(grid).sort().reverse();
    const all = sorted.reduce((sum, value) => sum + value, 0);
    let sum = 0;
    return sorted.find((value) => (sum += value) >= share * all);
  };

  // Where a density crosses a level: lines of [column, row], in bins. Marching squares, whose ends are then joined.
  // Edges of the grid are numbered: 2 * place to the right of a point, 2 * place + 1 above it.
  DIGS.contours = function (grid, bins, level) {
    const next = new Map();
    const link = (one, other) => {
      for (const [from, to] of [[one, other], [other, one]]) next.set(from, [...(next.get(from) || []), to]);
    };
    const inside = (place) => grid[place] >= level;
    for (let row = 0; row < bins - 1; row++) {
      for (let column = 0; column < bins - 1; column++) {
        const place = row * bins + column;
        const corners = [place, place + 1, place + bins + 1, place + bins];
        const edges = [2 * place, 2 * (place + 1) + 1, 2 * (place + bins), 2 * place + 1];
        const crossed = edges.filter((_, side) => inside(corners[side]) !== inside(corners[(side + 1) % 4]));
        if (crossed.length === 2) link(...crossed);
        if (crossed.length === 4) {
          const middle = corners.reduce((sum, corner) => sum + grid[corner], 0) / 4 >= level;
          const turn = middle === inside(place) ? 1 : 3; // which corners are cut off
          link(edges[0], edges[turn]);
          link(edges[2], edges[4 - turn]);
        }
      }
    }
    const point = (edge) => {
      const place = Math.floor(edge / 2);
      const other = place + (edge % 2 ? bins : 1);
      const part = (level - grid[place]) / (grid[other] - grid[place]);
      const [column, row] = [place % bins, Math.floor(place / bins)];
      return edge % 2 ? [column, row + part] : [column + part, row];
    };
    const lines = [];
    const loose = [...next.keys()].filter((edge) => next.get(edge).length === 1);
    for (const start of [...loose, ...next.keys()]) {
      const line = [];
      let edge = start;
      while (edge !== undefined && next.has(edge)) {
        line.push(point(edge));
        const ways = next.get(edge);
        next.delete(edge);
        const onward = ways.find((way) => next.has(way));
        if (onward === undefined && ways.includes(start) && line.length > 2) line.push(point_of(line));
        edge = onward;
      }
      if (line.length > 1) lines.push(line);
    }
    return lines;
  };

  const point_of = (line) => line[0]; // a loop ends where it began
})();
