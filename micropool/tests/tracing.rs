//! The feature `tracing`: which spans there are, with which names, fields and parents.

#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use tracing_core::span::Current;

/// A span as it was made.
#[derive(Clone, Debug)]
struct Seen {
    kind: &'static str,
    name: String,
    worker: Option<String>,
    parent: Option<usize>,
}

#[derive(Default)]
struct Log {
    spans: Mutex<Vec<(&'static Metadata<'static>, Seen)>>,
    events: Mutex<Vec<String>>,
}

/// The simplest subscriber that knows which span is current.
struct Recorder(Arc<Log>);

thread_local! {
    static ENTERED: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

#[derive(Default)]
struct Fields {
    name: String,
    worker: Option<String>,
    message: String,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let text = format!("{value:?}");
        match field.name() {
            "name" => self.name = text.trim_matches('"').to_owned(),
            "worker" => self.worker = Some(text),
            "message" => self.message = text,
            other => panic!("an unknown field: {other}"),
        }
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("micropool")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        span.record(&mut fields);
        let current = || ENTERED.with_borrow(|entered| entered.last().copied());
        let parent = if span.is_contextual() { current() } else { span.parent().map(Id::into_u64) };
        let mut spans = self.0.spans.lock().unwrap();
        let Fields { name, worker, .. } = fields;
        let kind = span.metadata().name();
        spans.push((span.metadata(), Seen { kind, name, worker, parent: parent.map(|id| id as usize - 1) }));
        Id::from_u64(spans.len() as u64)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.0.events.lock().unwrap().push(fields.message);
    }

    fn enter(&self, span: &Id) {
        ENTERED.with_borrow_mut(|entered| entered.push(span.into_u64()));
    }

    fn exit(&self, span: &Id) {
        assert_eq!(ENTERED.with_borrow_mut(Vec::pop), Some(span.into_u64()));
    }

    fn current_span(&self) -> Current {
        match ENTERED.with_borrow(|entered| entered.last().copied()) {
            Some(id) => Current::new(Id::from_u64(id), self.0.spans.lock().unwrap()[id as usize - 1].0),
            None => Current::none(),
        }
    }
}

#[micropool::job(name = "a frame")]
fn frame() -> u32 {
    let frame = micropool::parallel! {
        input => 1,
        r#type after input => parse(),
        background save => std::hint::black_box(2),
        _ => (),
    };
    frame.r#type + frame.save.join() + bake(4).join()
}

#[micropool::job(background)]
fn bake(n: u32) -> u32 {
    n
}

fn a_plain_closure(pool: &micropool::ThreadPool) -> u32 {
    pool.spawn(|| 5).join()
}

#[micropool::job]
fn parse() -> u32 {
    3
}

#[test]
fn jobs_nodes_and_tasks_are_spans() {
    let log = Arc::new(Log::default());
    tracing::subscriber::set_global_default(Recorder(log.clone())).expect("the only one");
    let pool = micropool::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!((pool.install(frame), a_plain_closure(&pool)), (9, 5));

    let spans: Vec<Seen> = log.spans.lock().unwrap().iter().map(|(_, seen)| seen.clone()).collect();
    let find = |kind: &str, name: &str| {
        let mut found = (0..spans.len()).filter(|&at| spans[at].kind == kind && spans[at].name == name);
        let span = found.next().unwrap_or_else(|| panic!("no {kind} {name}: {spans:#?}"));
        assert_eq!(found.next(), None, "more than one {kind} {name}");
        span
    };
    let job = find("job", "a frame");
    assert_eq!((spans[job].parent, &spans[job].worker), (None, &None));
    for node in ["input", "type", "save", "_"] {
        let node = find("node", node);
        assert_eq!(spans[node].parent, Some(job), "{spans:#?}");
    }
    assert_eq!(spans[find("job", "parse")].parent, Some(find("node", "type")));
    // The node of a background task is the spawning of it.
    assert_eq!(spans[find("task", "save")].parent, Some(find("node", "save")));
    let bake = find("task", "bake");
    assert_eq!((spans[bake].parent, spans[find("job", "bake")].parent), (Some(job), Some(bake)));
    let told = spans.iter().find(|span| span.kind == "task" && span.name.contains("a_plain_closure"));
    assert_eq!(told.expect("its closure's type is its name").parent, None);

    drop(pool);
    let events = log.events.lock().unwrap().clone();
    let count = |what: &str| events.iter().filter(|event| *event == what).count();
    assert!(count("sleep") >= 2, "{events:?}");
    assert_eq!(count("sleep"), count("wake"), "{events:?}");
}
