// The charts: what they show is also in a table beside them, and all that they are told is text to them, never markup.
"use strict";

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const narrow = () => window.matchMedia("(max-width: 40rem)").matches;
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const DAY = 86400000;
const STAGES = ["teased", "confirmed", "unveiled", "orders_open", "launched", "deliveries", "discontinued"];

const text = () => ({ color: colour("soft"), fontFamily: "system-ui, sans-serif", fontSize: 12 });
const timeAxis = (more) => ({
  type: "time",
  axisLabel: { ...text(), hideOverlap: true, formatter: { year: "{yyyy}", month: "{MMM} {yyyy}", day: "{d} {MMM}" } },
  axisLine: { lineStyle: { color: colour("strong-line") } },
  splitLine: { show: false },
  ...more,
});

// Legends: [kind of mark, colour, words].
function legend(figure, entries) {
  figure.querySelector(".legend").replaceChildren(
    ...entries.map(([kind, tone, words]) => {
      const entry = document.createElement("span");
      const sign = document.createElement("i");
      if (kind) sign.className = kind;
      sign.style[kind === "box" ? "backgroundColor" : "borderColor"] = tone;
      entry.append(sign, words);
      return entry;
    }),
  );
}

// The sentence and source of what is pointed at, tapped or clicked.
function telling(figure, chart, lines) {
  const tip = figure.querySelector(".tip");
  const hide = () => (tip.hidden = true);
  const show = (event) => {
    const told = lines(event);
    if (!told) return hide();
    tip.replaceChildren(
      ...told.filter(Boolean).map((line, place) => {
        const paragraph = document.createElement("p");
        const words = document.createElement(place ? "span" : "strong");
        words.textContent = line;
        paragraph.append(words);
        return paragraph;
      }),
    );
    tip.hidden = false;
    const x = event.event.offsetX, y = event.event.offsetY, room = figure.clientWidth;
    tip.style.left = `${Math.max(4, Math.min(x + 14, room - tip.offsetWidth - 6))}px`;
    const below = y + 24;
    tip.style.top = `${below + tip.offsetHeight > figure.clientHeight + 40 ? Math.max(4, y - tip.offsetHeight - 8) : below}px`;
  };
  chart.on("mouseover", show);
  chart.on("click", show);
  chart.on("mouseout", hide);
  chart.getZr().on("click", (event) => { if (!event.target) hide(); });
}

const said = (point) => [point.text, point.evidence && `“${point.evidence}”`, point.outlet];

function counts(figure, { lines, today }) {
  const tones = ["blue", "green", "amber", "grey"].map(colour);
  const series = [];
  const keys = [];
  lines.forEach((line, place) => {
    const tone = tones[place % tones.length];
    const steps = line.steps.filter((step) => step.count !== null).map((step) => ({ value: [step.at, step.count], said: step }));
    const last = steps.at(-1);
    if (steps.length) {
      const onward = last.value[0] < today ? [{ value: [today, last.value[1]], said: last.said, symbol: "none" }] : [];
      series.push({
        type: "line", step: "end", name: line.name, data: [...steps, ...onward], symbol: "circle", symbolSize: 9,
        lineStyle: { width: 2.5, color: tone }, itemStyle: { color: tone }, emphasis: { disabled: true },
        endLabel: { show: true, formatter: () => String(last.value[1]), color: colour("ink"), fontWeight: 600, distance: 6, offset: line.plans.length ? [-12, 14] : [0, 0] },
      });
      keys.push(["", tone, line.name]);
    }
    line.plans.filter((plan) => plan.count !== null).forEach((plan) => {
      const to = plan.at && plan.at > today ? plan.at : new Date(Date.parse(today) + 90 * DAY).toISOString();
      const from = last && last.value[0] <= today ? [[today, last.value[1]]] : [];
      series.push({
        type: "line", data: [...from.map((value) => ({ value, symbol: "none" })), { value: [to, plan.count], said: plan }],
        symbol: "circle", symbolSize: 11, lineStyle: { type: "dashed", width: 2, color: tone },
        itemStyle: { color: colour("sheet"), borderColor: tone, borderWidth: 2 },
        emphasis: { disabled: true }, label: { show: true, formatter: (at) => (at.data.said ? String(plan.value) : ""), position: "top", color: colour("ink") },
      });
    });
    series.push({
      type: "scatter", symbol: "diamond", symbolSize: 15, z: 5,
      data: line.disputes.filter((step) => step.count !== null).map((step) => ({ value: [step.at, step.count], said: step })),
      itemStyle: { color: colour("sheet"), borderColor: colour("red"), borderWidth: 2.5, opacity: 1 },
      label: { show: true, position: "top", formatter: (at) => `${at.data.said.value}?`, color: colour("red"), fontWeight: 600 },
    });
  });
  if (lines.some((line) => line.plans.length)) keys.push(["dashed", tones[0], "planned"]);
  if (lines.some((line) => line.disputes.length)) keys.push(["diamond", colour("red"), "disputed"]);
  legend(figure, keys);
  return {
    lines: (event) => event.data && event.data.said && said(event.data.said),
    option: {
      animation: false,
      grid: { left: 44, right: 44, top: 28, bottom: 30 },
      xAxis: timeAxis({ min: (range) => range.min - 0.03 * (range.max - range.min) }), // what is disputed at first stands clear of the axis
      yAxis: {
        type: "value", scale: true, minInterval: 1, boundaryGap: ["12%", "12%"],
        axisLabel: { ...text(), showMinLabel: false, showMaxLabel: false }, splitLine: { lineStyle: { color: colour("line") } },
      },
      series,
    },
  };
}

function models(figure, { models, today }) {
  const bars = models.flatMap((model, row) =>
    model.stages.map((stage, place) => ({
      value: [row, stage.at, model.stages[place + 1]?.at ?? (stage.at < today ? today : stage.at), stage.stage],
      said: { ...stage, text: stage.text ?? `${model.model}: ${stage.stage}` },
    })),
  );
  figure.querySelector(".canvas").style.height = `${models.length * 34 + 56}px`;
  const seen = new Set(bars.map((bar) => bar.value[3]));
  legend(figure, STAGES.filter((stage) => seen.has(stage)).map((stage) => ["box", colour(`stage-${stage}`), stage.replace("_", " ")]));
  const widest = Math.max(...models.map((model) => model.model.length), 4);
  return {
    lines: (event) => event.data && event.data.said && said(event.data.said),
    option: {
      animation: false,
      grid: { left: Math.min(widest * 7.5 + 20, narrow() ? 110 : 220), right: 24, top: 8, bottom: 30 },
      xAxis: timeAxis({ min: (range) => range.min - 20 * DAY, max: (range) => Math.max(range.max, Date.parse(today)) + 10 * DAY }),
      yAxis: {
        type: "category", inverse: true, data: models.map((model) => model.model), axisTick: { show: false },
        axisLine: { lineStyle: { color: colour("line") } },
        axisLabel: { ...text(), color: colour("ink"), width: narrow() ? 96 : 205, overflow: "truncate" },
      },
      series: [{
        type: "custom", encode: { x: [1, 2], y: 0 }, data: bars,
        renderItem(_, api) {
          const from = api.coord([api.value(1), api.value(0)]), to = api.coord([api.value(2), api.value(0)]);
          return {
            type: "rect", shape: { x: from[0], y: from[1] - 9, width: Math.max(to[0] - from[0], 9), height: 18, r: 3 },
            style: { fill: colour(`stage-${api.value(3)}`) || colour("grey"), stroke: colour("sheet"), lineWidth: 1 },
          };
        },
      }],
    },
  };
}

// The Natural Earth projection (Patterson 2012), degrees in, plane out; turned back by Newton's method.
const RAD = Math.PI / 180;
const across = (p2, p4) => 0.8707 + p2 * (-0.131979 + p4 * (-0.013791 + p2 * p2 * (0.003971 - 0.001529 * p2)));
const upward = (p, p2, p4) => p * (1.007226 + p2 * (0.015085 + p4 * (-0.044475 + 0.028874 * p2 - 0.005916 * p4)));
const projection = {
  project([lon, lat]) {
    const p = lat * RAD, p2 = p * p, p4 = p2 * p2;
    return [(lon * across(p2, p4)) * RAD * 100, -upward(p, p2, p4) * 100];
  },
  unproject([x, y]) {
    let p = -y / 100;
    for (let turn = 0; turn < 12; turn++) {
      const p2 = p * p, p4 = p2 * p2;
      const slope = 1.007226 + p2 * (0.045255 + p4 * (-0.311325 + 0.259866 * p2 - 0.065076 * p4));
      p -= (upward(p, p2, p4) + y / 100) / slope;
    }
    const p2 = p * p;
    return [x / 100 / RAD / across(p2, p2 * p2), p / RAD];
  },
};

function markets(figure, found, world) {
  const tones = { entered: colour("green"), planned: colour("blue"), exited: colour("red") };
  const words = { entered: "in", planned: "planned", exited: "left" };
  const listed = Object.values(found).flat();
  const told = (market) => [
    `${market.name}: ${words[market.status]}${market.when ? `, ${market.stated ? "" : "reported "}${market.when}` : ""}`,
    market.evidence && `“${market.evidence}”`, market.outlet,
  ];
  legend(figure, Object.keys(tones).filter((status) => found[status].length).map((status) => ["box", tones[status], words[status]]));
  const known = new Set(world.features.map((land) => land.properties.name));
  const byCode = new Map(listed.map((market) => [market.code, market]));
  const shape = (market) => ({ areaColor: tones[market.status], borderColor: market.disputed ? colour("red") : colour("coast"), borderWidth: market.disputed ? 2 : 0.6 });
  return {
    lines: (event) => {
      const market = event.data?.market ?? byCode.get(event.name);
      return market && told(market);
    },
    option: {
      animation: false,
      geo: {
        map: "world", projection, roam: narrow() ? false : "move", left: 8, right: 8, top: 8, bottom: 8,
        itemStyle: { areaColor: colour("land"), borderColor: colour("coast"), borderWidth: 0.6 },
        emphasis: { disabled: true }, select: { disabled: true },
        regions: listed.filter((market) => known.has(market.code)).map((market) => ({ name: market.code, itemStyle: shape(market), emphasis: { disabled: true }, select: { disabled: true } })),
      },
      series: [
        {
          type: "scatter", coordinateSystem: "geo", symbolSize: 9, emphasis: { disabled: true },
          data: listed.filter((market) => world.centres[market.code]).map((market) => ({ value: world.centres[market.code], market, itemStyle: { color: tones[market.status], borderColor: colour("sheet"), borderWidth: 1.5, opacity: 1 } })),
        },
      ],
    },
  };
}

function zooming(figure, chart) {
  let zoom = 1, center = null;
  figure.querySelector(".zoom").addEventListener("click", (event) => {
    const how = event.target.dataset.zoom;
    if (!how) return;
    if (how === "in") zoom = Math.min(zoom * 1.7, 12);
    if (how === "out") zoom = Math.max(zoom / 1.7, 1);
    if (how === "world" || zoom === 1) [zoom, center] = [1, null];
    if (how === "europe") [zoom, center] = [narrow() ? 4.5 : 4.1, projection.project([14, 50])];
    chart.setOption({ geo: { zoom, center } });
  });
}

async function draw(figure) {
  const kind = figure.dataset.chart;
  const data = JSON.parse(document.getElementById(figure.dataset.from).textContent);
  let world = null;
  if (kind === "markets") {
    world = await (await fetch("/static/world.json")).json();
    echarts.registerMap("world", world);
  }
  figure.hidden = false;
  const make = { counts, markets, models }[kind];
  let made = make(figure, data, world);
  const chart = echarts.init(figure.querySelector(".canvas"), null, { renderer: "canvas" });
  chart.setOption(made.option);
  telling(figure, chart, (event) => made.lines(event));
  if (kind === "markets") zooming(figure, chart);
  const again = () => {
    made = make(figure, data, world);
    chart.setOption(made.option, { notMerge: true });
    chart.resize();
  };
  dark.addEventListener("change", again);
  new ResizeObserver(() => chart.resize()).observe(figure);
  figure.dataset.drawn = "yes";
}

for (const figure of document.querySelectorAll("figure[data-chart]")) draw(figure);
for (const table of document.querySelectorAll("details.same")) table.open = false;
