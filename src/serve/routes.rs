use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, RETRY_AFTER,
    WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, put};
use futures_util::stream::{self, Stream};
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::board::Board;
use super::health::Verdict;
use super::page;
use super::token::Token;

/// Pages that are open at the same time, at most.
const MOST_WATCHERS: usize = 64;

/// Time between two frames of the page.
const FRAME: Duration = Duration::from_secs(1);

/// Longest body that is read.
const LONGEST_BODY: usize = 4096;

#[derive(Clone)]
struct Context {
    board: Arc<Board>,
    token: Option<Token>,
    watchers: Arc<Semaphore>,
    closing: watch::Receiver<bool>,
}

/// Every path the server knows.
pub(super) fn router(board: Arc<Board>, token: Option<Token>, closing: watch::Receiver<bool>) -> Router {
    let watchers = Arc::new(Semaphore::new(MOST_WATCHERS));
    let context = Context { board, token, watchers, closing };
    let changes = Router::new()
        .route("/log/filter", put(set_filter))
        .route_layer(middleware::from_fn_with_state(context.clone(), authorised));
    let mut router = Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/startupz", get(startupz))
        .route("/metrics", get(metrics))
        .route("/info", get(info))
        .route("/events", get(events))
        .merge(changes);
    for (path, media_type, content) in page::PARTS {
        router = router.route(path, get(move || async move { ([(CONTENT_TYPE, media_type)], content) }));
    }
    router
        .fallback(async || problem(StatusCode::NOT_FOUND, "there is nothing here; docs/operations.md lists the paths"))
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(middleware::map_response(guarded))
        .with_state(context)
}

/// What every answer says to a browser.
async fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, page::POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Lets requests pass that bear the token.
async fn authorised(State(context): State<Context>, request: Request, next: Next) -> Response {
    let Some(token) = &context.token else {
        let told = "nothing can be changed: no token is configured (serve.token_file, IBALEG_SERVE_TOKEN)";
        return problem(StatusCode::FORBIDDEN, told);
    };
    if request.headers().get(AUTHORIZATION).is_some_and(|value| token.allows(value.as_bytes())) {
        return next.run(request).await;
    }
    let mut response = problem(StatusCode::UNAUTHORIZED, "this needs the token: `Authorization: Bearer …`");
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

fn problem(status: StatusCode, told: &str) -> Response {
    (status, Json(json!({ "error": told }))).into_response()
}

fn verdict(verdict: Verdict) -> Response {
    let status = if verdict.ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(verdict)).into_response()
}

async fn livez(State(context): State<Context>) -> Response {
    verdict(context.board.live(Instant::now()))
}

async fn readyz(State(context): State<Context>) -> Response {
    verdict(context.board.ready(Instant::now()))
}

async fn startupz(State(context): State<Context>) -> Response {
    verdict(context.board.started())
}

async fn metrics(State(context): State<Context>) -> Response {
    match context.board.metrics(Instant::now()) {
        Some(text) => ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response(),
        None => loading(),
    }
}

async fn info(State(context): State<Context>) -> Response {
    Json(context.board.info()).into_response()
}

fn loading() -> Response {
    let mut response = problem(StatusCode::SERVICE_UNAVAILABLE, "the model is being loaded");
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

async fn set_filter(State(context): State<Context>, headers: HeaderMap, body: Bytes) -> Response {
    if headers.get(CONTENT_TYPE).is_some_and(|kind| !kind.as_bytes().starts_with(b"text/plain")) {
        return problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send the filter as text/plain, such as \"info\"");
    }
    let Ok(filter) = std::str::from_utf8(&body) else {
        return problem(StatusCode::BAD_REQUEST, "the filter is not UTF-8");
    };
    match context.board.filter.set(filter.trim()) {
        Ok(()) => {
            tracing::warn!(filter = filter.trim(), "the filter of the logs was changed over HTTP");
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => problem(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

async fn events(State(context): State<Context>) -> Response {
    let Context { board, watchers, closing, .. } = context;
    match watchers.try_acquire_owned() {
        Ok(permit) => Sse::new(frames(board, closing, permit)).into_response(),
        Err(_) => problem(StatusCode::SERVICE_UNAVAILABLE, "too many pages are open"),
    }
}

/// A frame each second: first all the seconds that are kept, then those that are new.
fn frames(
    board: Arc<Board>,
    closing: watch::Receiver<bool>,
    permit: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let mut beat = tokio::time::interval(FRAME);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    stream::unfold((board, closing, beat, None, permit), async |(board, mut closing, mut beat, after, permit)| {
        tokio::select! {
            _ = closing.wait_for(|closing| *closing) => return None,
            _ = beat.tick() => {}
        }
        let (event, after) = match board.frame(after, Instant::now()) {
            // Not loaded yet; the comment keeps the connection open.
            None => (Event::default().comment("loading"), None),
            Some((last, frame)) => {
                let name = if after.is_none() { "all" } else { "new" };
                (Event::default().event(name).data(frame.to_string()), Some(last))
            }
        };
        Some((Ok(event), (board, closing, beat, after, permit)))
    })
}
