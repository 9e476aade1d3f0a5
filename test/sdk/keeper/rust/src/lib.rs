//! keeper: see README.md above this folder.

use std::time::Duration;

use siogw::{json_string, kv, random, time_ms, Value, Verdict, View};

struct Keeper {
    configured: String, // what configure found, as JSON
}

fn failure(e: kv::Error) -> String {
    match e {
        kv::Error::Full => "\"full\"",
        kv::Error::Size => "\"size\"",
        kv::Error::NoNumber => "\"number\"",
        kv::Error::Unavailable => "\"unavailable\"",
    }
    .into()
}

fn set(key: &str, value: &str, ttl: i64) -> String {
    kv::set(key.as_bytes(), value.as_bytes(), Duration::from_millis(ttl as u64)).map_or_else(failure, |_| "\"ok\"".into())
}

fn get(key: &str) -> String {
    match kv::get(key.as_bytes()) {
        Ok(Some(value)) => format!("{{\"value\":{}}}", json_string(&String::from_utf8(value).unwrap())),
        Ok(None) => "\"none\"".into(),
        Err(e) => failure(e),
    }
}

fn hex(n: i64) -> String {
    let mut bytes = vec![0; n as usize];
    random(&mut bytes);
    json_string(&bytes.iter().map(|b| format!("{b:02x}")).collect::<String>())
}

impl siogw::Plugin for Keeper {
    fn configure(config: &str) -> Result<Self, String> {
        if Value::new(config).get("/random").is_some() {
            random(&mut [0]);
        }
        Ok(Keeper { configured: format!("[{},{}]", set("k", "v", 0), time_ms()) })
    }

    fn judge(&mut self, view: &View, verdict: &mut Verdict) {
        let answers: Vec<String> = view.json().members().filter_map(|m| self.run(m.value, verdict)).collect();
        if !verdict.denied() {
            verdict.replace_args(&format!("[{}]", answers.join(",")));
        }
    }
}

impl Keeper {
    fn run(&self, command: Value, verdict: &mut Verdict) -> Option<String> {
        let at = |i: usize| command.members().nth(i).map(|m| m.value);
        let text = |i| at(i).and_then(Value::as_str).unwrap_or_default();
        let number = |i| at(i).and_then(Value::as_i64).unwrap_or(0);
        Some(match &*text(0) {
            "set" => set(&text(1), &text(2), number(3)),
            "get" => get(&text(1)),
            "delete" => kv::delete(text(1).as_bytes()).map_or_else(failure, |gone| gone.to_string()),
            "add" => kv::add(text(1).as_bytes(), number(2), Duration::from_millis(number(3) as u64)).map_or_else(failure, |sum| sum.to_string()),
            "now" => time_ms().to_string(),
            "random" => hex(number(1)),
            "configured" => self.configured.clone(),
            _ => {
                verdict.deny("command", "there is no such command");
                return None;
            }
        })
    }
}

siogw::plugin!(Keeper);
