// dashboard.js - asks /v1/status every second, and draws what came between.
"use strict";
const { html, render, useState, useEffect, useRef } = htmPreact;

const KEPT = 300; // seconds
const COLOURS = ["#3366cc", "#e07b00", "#2a9d5c", "#c0392b", "#8e44ad", "#16a2b8", "#b8860b", "#7f8c8d"];

// A chart over time; `rows`: times, then a line each.
function Chart({ title, lines, rows, unit }) {
    const place = useRef(), plot = useRef();
    useEffect(() => {
        const axis = getComputedStyle(document.documentElement).getPropertyValue("--pico-muted-color").trim();
        const grid = { stroke: getComputedStyle(document.documentElement).getPropertyValue("--pico-muted-border-color").trim() };
        plot.current = new uPlot({
            width: place.current.clientWidth, height: 220, scales: { y: { range: (u, low, high) => [0, high > 0 ? high * 1.1 : 1] } },
            axes: [{ stroke: axis, grid }, { stroke: axis, grid, size: 60 }],
            series: [{}, ...lines.map((label, i) => ({ label, stroke: COLOURS[i % COLOURS.length], width: 2,
                value: (u, v) => v == null ? "–" : v.toPrecision(3) + " " + unit }))],
        }, rows, place.current);
        const resize = () => plot.current.setSize({ width: place.current.clientWidth, height: 220 });
        addEventListener("resize", resize);
        return () => { removeEventListener("resize", resize); plot.current.destroy(); };
    }, [lines.join("\n")]);
    useEffect(() => { if (plot.current) plot.current.setData(rows); }, [rows]);
    return html`<article><h3>${title}</h3><div ref=${place}></div></article>`;
}

// The value below which a share of the histogram's counts lies, by its bounds: interpolated in the bucket.
function quantile(bounds, counts, share) {
    const all = counts.reduce((a, b) => a + b, 0);
    if (!all) return null;
    let left = share * all;
    for (let i = 0; i < counts.length; i++) {
        if (left <= counts[i] && counts[i]) {
            const low = i ? bounds[i - 1] : 0, high = i < bounds.length ? bounds[i] : bounds[bounds.length - 1];
            return low + (high - low) * left / counts[i];
        }
        left -= counts[i];
    }
    return bounds[bounds.length - 1];
}

const minus = (a, b) => a.map((v, i) => v - (b ? b[i] || 0 : 0));
const sum = (list) => list.reduce((a, b) => a + b, 0);

// What happened between two answers of the server.
function between(now, before) {
    const seconds = before ? now.uptime_seconds - before.uptime_seconds : 1;
    const counts = minus(now.http.seconds.counts, before && before.http.seconds.counts);
    const bounds = now.http.seconds.bounds;
    const last = (m) => before && before.models.find((o) => o.name === m.name && o.version === m.version);
    const part = (key) => {
        const each = now.models.map((m) => {
            const o = last(m);
            return [m[key].sum - (o ? o[key].sum : 0), m[key].count - (o ? o[key].count : 0)];
        });
        const n = sum(each.map((e) => e[1]));
        return n ? 1e3 * sum(each.map((e) => e[0])) / n : null;
    };
    return { time: Date.now() / 1000, rate: sum(counts) / seconds, p50: ms(quantile(bounds, counts, 0.5)),
        p99: ms(quantile(bounds, counts, 0.99)), decode: part("decode"), queue: part("queue"), compute: part("compute") };
}
const ms = (seconds) => seconds == null ? null : 1e3 * seconds;

const Figure = ({ name, value }) => html`<article><span class="muted">${name}</span><strong>${value}</strong></article>`;
const when = (milliseconds) => milliseconds ? new Date(milliseconds).toLocaleTimeString() : "–";

const Versions = ({ models }) => html`<article><h3>Versions</h3><div class="overflow-auto"><table class="striped">
    <thead><tr><th>Model</th><th>Version</th><th>State</th><th>Answered</th><th>Refused</th><th>Memory</th><th>Last asked</th>
    </tr></thead><tbody>${models.map((m) => html`<tr key=${m.name + m.version}><td>${m.name}</td><td>${m.version}</td>
        <td class=${m.reason ? "wrong" : ""}>${m.state}${m.reason && html`: ${m.reason}`}</td><td>${m.answered}</td>
        <td>${m.refused}</td><td>${(m.bytes / 2 ** 20).toFixed(1)} MiB</td><td>${when(m.last_ask_ms)}</td></tr>`)}</tbody>
    </table></div></article>`;

function Classes({ model }) {
    const all = sum(model.classes.map((c) => c.count)) || 1;
    return html`<article><h3>Classes of ${model.name}, version ${model.version}</h3>${model.classes.map((c) => html`<div class="bar" key=${c.label}>
        <span>${c.label}</span><progress value=${c.count / all} max="1"></progress><span>${percent(c.count / all)}</span></div>`)}
    </article>`;
}

// What the last full window of each version showed against its reference profile.
const Drift = ({ watched }) => html`<article id="drift"><h3>Drift</h3><div class="overflow-auto"><table class="striped">
    <thead><tr><th>Model</th><th>Version</th><th>State</th><th>Next window</th><th>Estimated accuracy</th><th>Outliers</th><th>Why</th>
    </tr></thead><tbody>${watched.map((w) => html`<tr key=${w.model + w.version}><td>${w.model}</td><td>${w.version}</td>
        <td class=${w.check && w.check.drift ? "wrong" : ""}>${!w.check ? "no window yet" : w.check.drift ? "alarm" : "no drift"}</td>
        <td><progress value=${w.filled / w.window} max="1"></progress></td>
        <td>${w.check && w.check.estimated_accuracy != null ? percent(w.check.estimated_accuracy) : "–"}</td>
        <td>${w.check && w.check.outlier_share != null ? percent(w.check.outlier_share) : "–"}</td>
        <td>${w.check ? w.check.fired.map((f) => f.why).join("; ") : ""}</td></tr>`)}</tbody></table></div></article>`;

const column = (points, key) => points.map((p) => p[key]);

function App() {
    const [points, setPoints] = useState([]);
    const [status, setStatus] = useState(null);
    const [error, setError] = useState(null);
    const before = useRef(null);
    useEffect(() => {
        const look = () => ask("/v1/status").then((now) => {
            const point = before.current && between(now, before.current);
            if (point) setPoints((list) => [...list, point].slice(-KEPT));
            before.current = now;
            setStatus(now);
            setError(null);
        }).catch(setError);
        look();
        const timer = setInterval(look, 1000);
        return () => clearInterval(timer);
    }, []);
    if (error) return html`<article class="wrong" role="alert"><p>${error.message}</p>
        ${error.status === 401 && html`<label>Token<input type="password" autocomplete="off"
            onChange=${(e) => setToken(e.target.value)} /></label>`}</article>`;
    if (!status) return html`<p aria-busy="true">Asking the server</p>`;
    const times = column(points, "time"), now = points[points.length - 1] || {};
    const show = (value, unit) => value == null ? "–" : value.toPrecision(3) + " " + unit;
    return html`<div class="figures" id="figures">
            <${Figure} name="Requests" value=${show(now.rate, "/s")} /><${Figure} name="Median" value=${show(now.p50, "ms")} />
            <${Figure} name="99 %" value=${show(now.p99, "ms")} /><${Figure} name="Waiting" value=${status.pending} />
            <${Figure} name="Connections" value=${status.connections} />
            <${Figure} name="State" value=${status.ready ? "ready" : "not ready"} /></div>
        <div class="charts">
            <${Chart} title="Latency of requests, ms" unit="ms" lines=${["median", "99 %"]}
                rows=${[times, column(points, "p50"), column(points, "p99")]} />
            <${Chart} title="Requests a second" unit="/s" lines=${["requests"]} rows=${[times, column(points, "rate")]} />
            <${Chart} title="Where a picture's time goes (mean), ms" unit="ms" lines=${["decode", "queue", "compute"]}
                rows=${[times, column(points, "decode"), column(points, "queue"), column(points, "compute")]} />
            ${status.models.filter((m) => m.classes.length).map((m) => html`<${Classes} key=${m.name + m.version} model=${m} />`)}
        </div>
        ${status.drift && status.drift.length > 0 && html`<${Drift} watched=${status.drift} />`}
        <${Versions} models=${status.models} />`;
}

const root = document.getElementById("app");
root.textContent = "";
render(html`<${App} />`, root);
