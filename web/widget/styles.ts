/** The widget's looks; `all: initial !important` keeps the host page's styles out (important is reversed here), but leaves out direction. */
export const styles = `
:host { all: initial !important; direction: ltr !important; unicode-bidi: isolate !important; }
:host([hidden]) { display: none !important; }
* { box-sizing: border-box; margin: 0; font: inherit; }
[hidden] { display: none !important; }
.root {
  --ink: #10182b; --soft: #46506a; --paper: #fff; --tint: #edf2fa; --line: #76839c; --mine: var(--brand); --on-mine: #fff;
  --call: #0b6e43; --human: #864700; --bad: #b3261e; --ring: #f5b400;
  font: 18px/1.55 -apple-system, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Source Han Sans SC", sans-serif;
  color: var(--ink); text-align: left; --brand: #1657d9;
}
.root.size1 { font-size: 22px; }
.root.size2 { font-size: 30px; }
.root.contrast {
  --ink: #fff; --soft: #fff; --paper: #000; --tint: #000; --line: #fff; --mine: #000; --on-mine: #ff0; --brand: #000;
  --call: #000; --human: #000; --bad: #ff9d96; --ring: #ff0;
}
button, .call { border: 2px solid transparent; border-radius: 12px; cursor: pointer; background: none; color: inherit; }
button { min-height: 48px; padding: 4px 14px; }
:focus-visible { outline: 3px solid var(--ring); outline-offset: 2px; box-shadow: 0 0 0 6px var(--ink); }
.launch {
  position: fixed; right: 20px; bottom: 20px; z-index: 2147483000; min-height: 64px; padding: 8px 22px; border-radius: 32px;
  background: var(--brand); color: #fff; font-weight: 700; border-color: #fff; box-shadow: 0 6px 24px rgba(16, 24, 43, .35);
}
.badge { margin-left: 10px; padding: 2px 10px; border-radius: 16px; background: #fff; color: #a3140c; }
.panel {
  position: fixed; right: 20px; bottom: 20px; z-index: 2147483000; display: flex; flex-direction: column;
  width: min(460px, calc(100vw - 40px)); height: min(780px, calc(100vh - 40px)); height: min(780px, calc(100dvh - 40px));
  overflow: hidden auto; border-radius: 20px; background: var(--paper); box-shadow: 0 12px 60px rgba(16, 24, 43, .35);
  border: 2px solid var(--brand);
}
.contrast .panel, .contrast .launch { border-color: #fff; }
.root.size2 .panel { width: min(640px, calc(100vw - 40px)); height: min(1000px, calc(100vh - 40px)); }
.head { position: sticky; top: 0; z-index: 1; display: flex; gap: 12px; align-items: center; padding: 12px 12px 12px 20px; background: var(--brand); color: #fff; }
.head > div { flex: 1; min-width: 0; }
.title { font-size: 1.2em; font-weight: 700; line-height: 1.3; overflow-wrap: anywhere; }
.hours { font-size: max(16px, .8em); }
.close { flex: none; min-width: 60px; min-height: 60px; border-color: #fff; font-size: 28px; line-height: 1; }
.tools { display: flex; flex-wrap: wrap; gap: 8px; padding: 8px 12px; background: var(--tint); border-bottom: 1px solid var(--line); font-size: 18px; }
.tools > div { display: flex; gap: 8px; flex: 1; }
.tools button { background: var(--paper); border-color: var(--line); }
.tools button[aria-pressed=true] { background: var(--ink); color: var(--paper); border-color: var(--ink); font-weight: 700; }
.log { flex: 1 0 auto; min-height: 160px; height: 0; padding: 12px 16px; overflow-y: auto; overscroll-behavior: contain; }
.entry { display: flex; flex-direction: column; align-items: flex-start; margin-bottom: 18px; }
.own { align-items: flex-end; }
.who, .state { font-size: max(16px, .8em); color: var(--soft); }
.bubble { max-width: 88%; padding: 10px 16px; border-radius: 6px 18px 18px; background: var(--tint); border: 1px solid transparent; white-space: pre-wrap; overflow-wrap: anywhere; }
.own .bubble { background: var(--mine); color: var(--on-mine); border-radius: 18px 6px 18px 18px; }
.contrast .bubble { border-color: var(--line); }
.bubble a { color: inherit; text-decoration: underline; }
.bubble img { display: block; max-width: 100%; max-height: 320px; width: auto; height: auto; border-radius: 8px; margin: 4px 0; }
.file { display: inline-block; padding: 10px 0; min-height: 44px; }
.choices { display: flex; flex-wrap: wrap; gap: 10px; margin-top: 10px; max-width: 100%; }
.choices button { min-height: 60px; min-width: 60px; padding: 8px 18px; border-color: var(--brand); background: var(--paper); color: var(--brand); font-weight: 700; overflow-wrap: anywhere; }
.contrast .choices button { border-color: #fff; color: #ff0; }
.choices button:disabled { border-color: var(--line); color: var(--soft); font-weight: 400; cursor: default; }
.refused .state { color: var(--bad); }
.state button { border-color: var(--line); color: var(--ink); margin-left: 8px; }
.typing { color: var(--soft); padding: 0 16px 6px; }
.status:not(:empty) { padding: 8px 16px; background: var(--tint); border-top: 1px solid var(--line); }
.actions { display: flex; flex-wrap: wrap; gap: 10px; padding: 10px 12px 0; }
.actions > * { flex: 1 1 auto; min-height: 60px; padding: 8px 12px; display: flex; align-items: center; justify-content: center; color: #fff; font-weight: 700; text-decoration: none; text-align: center; line-height: 1.3; }
.call { background: var(--call); }
.human { background: var(--human); }
.contrast .actions > *, .contrast .send, .contrast .leave, .contrast .close, .contrast .head { border-color: #fff; }
.contrast .head { border-bottom: 2px solid #fff; }
.compose { display: flex; flex-wrap: wrap; gap: 8px; padding: 10px 12px 12px; align-items: flex-end; }
.compose textarea { flex: 100 1 100px; min-width: 0; max-height: 30vh; field-sizing: content; }
.compose .send { flex: 1 0 auto; }
textarea, input { width: 100%; min-height: 60px; padding: 14px; border: 2px solid var(--line); border-radius: 12px; background: var(--paper); color: var(--ink); resize: none; }
::placeholder { color: var(--soft); opacity: 1; white-space: nowrap; }
.send, .leave { min-height: 60px; min-width: 84px; background: var(--brand); color: #fff; font-weight: 700; }
.attach { min-height: 60px; min-width: 60px; padding: 4px; border-color: var(--line); }
.attach svg { width: 28px; height: 28px; display: block; margin: auto; }
.draft { display: flex; flex-wrap: wrap; gap: 10px; align-items: center; padding: 10px 12px 0; }
.draft canvas { max-width: 96px; max-height: 96px; border-radius: 8px; border: 1px solid var(--line); }
.draft span { flex: 1 1 140px; overflow-wrap: anywhere; }
.draft button { border-color: var(--line); }
progress { width: 100%; }
form.offline { display: grid; gap: 10px; padding: 12px; }
form.offline label { display: grid; gap: 4px; }
form.offline .fault { color: var(--bad); font-weight: 700; }
@media (max-width: 560px), (max-height: 560px) {
  .panel, .root.size2 .panel { inset: 0; width: 100%; height: 100vh; height: 100dvh; border-radius: 0; border: 0; }
}
`
