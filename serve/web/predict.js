// predict.js - a picture is dropped, chosen or pasted, and its labels come back.
"use strict";
const { html, render, useState, useEffect, useRef } = htmPreact;

const Bar = ({ label, score }) => html`<div class="bar"><span>${label}</span>
    <progress value=${score} max="1"></progress><span>${percent(score)}</span></div>`;

// The map over the picture, and how much it says.
const Why = ({ why }) => why.error ? html`<p class="muted">No explanation: ${why.error.message}</p>` : html`<figure class="why">
    <img src=${"data:image/png;base64," + why.png} width=${why.width} height=${why.height}
        alt=${"what “" + why.label + "” hangs on, from dark to bright"} />
    <figcaption class="muted">What “${why.label}” hangs on, from dark to bright (${why.method}, ${why.ms.toFixed(0)} ms)
        ${"deletion" in why && html`<br />deletion ${why.deletion.toFixed(3)} (lower is better),
            insertion ${why.insertion.toFixed(3)} (higher is better)`}</figcaption></figure>`;

const Answer = ({ answer }) => html`<article>
    <p class="answer">${answer.labels ? answer.labels.join(", ") || "no label"
        : "number" in answer ? answer.number
        : answer.abstained ? "not sure" : answer.label}
        ${"score" in answer && html` <span class="muted">${percent(answer.score)}</span>`}</p>
    <p class="muted">${answer.model}, version ${answer.version}, ${answer.timing_ms.total.toFixed(1)} ms
        (decode ${answer.timing_ms.decode.toFixed(1)}, queue ${answer.timing_ms.queue.toFixed(1)},
        compute ${answer.timing_ms.compute.toFixed(1)})</p>
    ${(answer.top || []).map((row) => html`<${Bar} key=${row.label} ...${row} />`)}
    ${answer.explanation && html`<${Why} why=${answer.explanation} />`}
</article>`;

const Trouble = ({ error, retry }) => html`<article class="wrong" role="alert"><p>${error.message}</p>
    ${error.hint && html`<p class="muted">${error.hint}</p>`}
    ${error.status === 401 && html`<label>Token<input type="password" autocomplete="off"
        onChange=${(e) => { setToken(e.target.value); retry(); }} /></label>`}</article>`;

function Drop({ onPicture, url }) {
    const [over, setOver] = useState(false);
    const input = useRef();
    const take = (files) => files.length && onPicture(files[0]);
    useEffect(() => {
        const paste = (e) => take(e.clipboardData.files);
        addEventListener("paste", paste);
        return () => removeEventListener("paste", paste);
    });
    return html`<label class=${"drop" + (over ? " over" : "")}
        onDragOver=${(e) => { e.preventDefault(); setOver(true); }} onDragLeave=${() => setOver(false)}
        onDrop=${(e) => { e.preventDefault(); setOver(false); take(e.dataTransfer.files); }}>
        ${url ? html`<img src=${url} alt="the picture" />` : html`<span>Drop a picture here, paste one, or click to choose</span>`}
        <input id="file" type="file" accept="image/*" ref=${input} onChange=${(e) => take(e.target.files)} />
    </label>`;
}

function App() {
    const [models, setModels] = useState([]);
    const [model, setModel] = useState("");
    const [picture, setPicture] = useState(null);
    const [why, setWhy] = useState(false);
    const [url, setUrl] = useState("");
    const [answer, setAnswer] = useState(null);
    const [error, setError] = useState(null);

    const load = () => ask("/v1/models").then(({ models }) => {
        const names = [...new Set(models.map((m) => m.name))];
        setModels(names);
        setModel((now) => now || names[0] || "");
        setError(null);
    }).catch(setError);
    useEffect(() => { load(); }, []);
    useEffect(() => {
        if (!picture || !model) return;
        let latest = true; // an answer that was overtaken is not shown
        ask("/v1/models/" + model.split("/").map(encodeURIComponent).join("/") + "/predict" + (why ? "?explain=gradcam" : ""),
            { method: "POST", body: picture })
            .then((value) => { if (latest) { setAnswer(value); setError(null); } })
            .catch((problem) => { if (latest) { setAnswer(null); setError(problem); } });
        return () => { latest = false; };
    }, [picture, model, why]);

    const onPicture = (file) => {
        if (url) URL.revokeObjectURL(url);
        setUrl(URL.createObjectURL(file));
        setPicture(file);
    };
    return html`<div class="grid">
        <div>
            <label>Model<select value=${model} onChange=${(e) => setModel(e.target.value)}>
                ${models.map((name) => html`<option value=${name}>${name}</option>`)}</select></label>
            <label class="tick"><input id="why" type="checkbox" checked=${why} onChange=${(e) => setWhy(e.target.checked)} />
                Show what the answer hangs on</label>
            <${Drop} onPicture=${onPicture} url=${url} />
        </div>
        <div aria-live="polite">${error && html`<${Trouble} error=${error} retry=${load} />`}
            ${answer && html`<${Answer} answer=${answer} />`}
            ${!answer && !error && html`<p class="muted">Labels, how sure the model is, and which version said so.</p>`}</div>
    </div>`;
}

const root = document.getElementById("app");
root.textContent = "";
render(html`<${App} />`, root);
