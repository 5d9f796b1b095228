//! What stays open: a WebSocket that echoes, and prices, as a stream of events and over a WebSocket. All of it
//! ends when the platform stops.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::{
        Query, State, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    http::{HeaderMap, StatusCode},
    response::{
        IntoResponse as _, Response,
        sse::{Event, Sse},
    },
};
use chrono::{DateTime, SecondsFormat, Utc};
use futures_util::{Stream, StreamExt as _};
use serde::Deserialize;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    App,
    auth::{SignedIn, same_origin},
    error::Error,
    market::{self, Offer},
};

/// `GET /live/echo`: sends every text and binary message back.
pub(crate) async fn echo(
    State(app): State<App>,
    _: SignedIn,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !same_origin(&app, &headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let stopping = app.stopping.clone();
    upgrade.on_upgrade(move |socket| answer(socket, stopping))
}

async fn answer(mut socket: WebSocket, stopping: CancellationToken) {
    while let Some(Some(Ok(message))) = stopping.run_until_cancelled(socket.recv()).await {
        if matches!(message, Message::Text(_) | Message::Binary(_)) && socket.send(message).await.is_err() {
            break;
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct PricesQuery {
    #[serde(default = "one_second")]
    interval_ms: u64,
}

fn one_second() -> u64 {
    1000
}

/// `GET /live/prices?interval_ms=`: an event `price` for every offer, at each tick.
pub(crate) async fn prices(
    State(app): State<App>,
    _: SignedIn,
    Query(query): Query<PricesQuery>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Error> {
    let offers = market::offers(&app.db).await?;
    let mut clock = tokio::time::interval(Duration::from_millis(query.interval_ms.max(10)));
    let ticks = async_stream::stream! {
        for tick in 0.. {
            clock.tick().await;
            for offer in &offers {
                let price = json!({ "offer": offer.id, "price": market::money(&offer.price_at(tick)) });
                yield Ok(Event::default().event("price").id(tick.to_string()).data(price.to_string()));
            }
        }
    };
    Ok(Sse::new(ticks.take_until(app.stopping.clone().cancelled_owned())))
}

/// `GET /offers/prices/live?interval_ms=`: the prices of all offers as one JSON message, at each tick. Listens to
/// nothing but the end.
pub(crate) async fn offer_prices(
    State(app): State<App>,
    _: SignedIn,
    headers: HeaderMap,
    Query(query): Query<PricesQuery>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Error> {
    if !same_origin(&app, &headers) {
        return Ok(StatusCode::FORBIDDEN.into_response());
    }
    let offers = market::offers(&app.db).await?;
    let period = Duration::from_millis(query.interval_ms.max(10));
    let stopping = app.stopping.clone();
    Ok(upgrade.on_upgrade(async move |socket| {
        stopping.run_until_cancelled(tell_prices(socket, &offers, period)).await;
    }))
}

async fn tell_prices(mut socket: WebSocket, offers: &[Offer], period: Duration) {
    let mut clock = tokio::time::interval(period);
    loop {
        tokio::select! {
            received = socket.recv() => if !matches!(received, Some(Ok(_))) { return },
            _ = clock.tick() => {
                if socket.send(Message::text(prices_now(offers, Utc::now()))).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// By the clock: two windows show the same, and so does one that was offline in between.
fn prices_now(offers: &[Offer], now: DateTime<Utc>) -> String {
    let price = |offer: &Offer| {
        let cents = offer.price_at(now.timestamp());
        let change = (cents - offer.price_cents) * 10_000 / offer.price_cents;
        let sign = if change < 0 { "−" } else { "+" };
        let change = format!("{sign}{}.{:02} %", change.abs() / 100, change.abs() % 100);
        json!({ "offer": offer.id, "price": market::money(&cents), "change": change })
    };
    let prices: Vec<_> = offers.iter().map(price).collect();
    json!({ "time": now.to_rfc3339_opts(SecondsFormat::Secs, true), "prices": prices }).to_string()
}
