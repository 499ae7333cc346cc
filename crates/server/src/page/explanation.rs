//! Why something was found.

use longmem_core::{ChannelHit, Explanation, Strength};
use maud::{Markup, html};

/// How likely a result is to be of use: a bar with a word.
pub(super) fn strength(score: f32) -> Markup {
    let percent = (score * 100.0).round();
    let word = Strength::of(score);
    html! {
        span.score {
            meter min="0" max="1" low="0.2" high="0.5" optimum="1" value=(format!("{score:.2}"))
                aria-label="Chance to be of use" { (percent) " %" }
            span { (word) " · " (percent) " %" }
        }
    }
}

/// Opens the reasons for a score.
pub(super) fn why(score: f32, why: &Explanation) -> Markup {
    let hit = |hit: Option<ChannelHit>| match hit {
        Some(hit) => format!("place {} (score {:.2})", hit.rank, hit.score),
        None => "not among the candidates".to_owned(),
    };
    let in_ten = (score * 10.0).round();
    html! {
        details.why {
            summary { "Why?" }
            p {
                "Of results with this score, about " (in_ten) " in 10 are the answer or a part of it."
            }
            dl {
                dt { "By meaning" }
                dd {
                    (hit(why.dense))
                    @if let Some(cosine) = why.cosine { ", cosine " (format!("{cosine:.2}")) }
                }
                dt { "By words" }
                dd {
                    (hit(why.lexical)) ", " (format!("{:.0} %", why.coverage * 100.0))
                    " of the question's words by their rarity"
                }
                @for adjustment in &why.adjustments {
                    dt { (super::layout::sentence(&adjustment.reason).trim_end_matches('.')) }
                    dd { (format!("{:+.2}", adjustment.amount)) }
                }
                dt { "Together" }
                dd { (format!("{:.2}", why.rank_score)) ", by which the results are ordered" }
            }
        }
    }
}
